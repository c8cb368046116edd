// One libFuzzer program per target: RELEVO_FUZZ_TARGET names it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "tests/fuzz/targets.hpp"
#include "topology/model/check.hpp"

namespace {

relevo::fuzz::Target find_target() {
  for (const auto& target : relevo::fuzz::all_targets()) {
    if (target.name == RELEVO_FUZZ_TARGET) return target;
  }
  relevo::check_failed("no such fuzz target: " RELEVO_FUZZ_TARGET, __FILE__, __LINE__);
}

const relevo::fuzz::Target& target() {
  static const relevo::fuzz::Target found = find_target();
  return found;
}

}  // namespace

extern "C" {

// libFuzzer's own mutations, which a custom mutator may fall back to.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target().run({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}

// Every so often starts over from a seed, so that no corpus has to be kept.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                    unsigned random) {
  const auto& seeds = target().seeds;
  if (random % 16 == 0) {
    const std::string& seed = seeds[(random / 16) % seeds.size()];
    size = std::min(seed.size(), size_max);
    std::memcpy(data, seed.data(), size);
  }
  return LLVMFuzzerMutate(data, size, size_max);
}
}
