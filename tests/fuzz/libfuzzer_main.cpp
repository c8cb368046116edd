// One libFuzzer program per target: RELEVO_FUZZ_TARGET names it.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"
#include "topology/model/check.hpp"

namespace {

relevo::fuzz::Target find_target() {
  for (const auto& target : relevo::fuzz::all_targets()) {
    if (target.name == RELEVO_FUZZ_TARGET) return target;
  }
  relevo::check_failed("no such fuzz target: " RELEVO_FUZZ_TARGET, __FILE__, __LINE__);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const relevo::fuzz::Target target = find_target();
  target.run({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
