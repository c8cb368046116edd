// Every fuzz target over a fixed series of inputs: its seeds, mutated in the
// ways that parsers dislike. Deterministic, so that a failure repeats itself;
// the libFuzzer programs of the same targets go on where this stops.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "tests/fuzz/targets.hpp"

namespace relevo::fuzz {
namespace {

constexpr int inputs_per_target = 20000;

std::string mutate(std::string input, const Target& target, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  constexpr std::string_view interesting("\0\x01\x04\x7f\x80\xff,=", 8);
  for (std::size_t changes = below(5); changes > 0; --changes) {
    const std::size_t at = below(input.size() + 1);
    switch (below(7)) {
      case 0:  // one bit
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:  // one byte, at the edge of some range
        if (at < input.size()) input[at] = interesting[below(interesting.size())];
        break;
      case 2:  // cut
        input.resize(at);
        break;
      case 3:  // insert
        input.insert(at, 1 + below(4), static_cast<char>(random() & 0xff));
        break;
      case 4:  // remove
        input.erase(at, 1 + below(4));
        break;
      case 5:  // say a part twice
        input.insert(at, input.substr(below(input.size() + 1), below(16)));
        break;
      case 6: {  // go on as another seed
        const std::string& other = target.seeds[below(target.seeds.size())];
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
    }
  }
  return input;
}

class FuzzSmoke : public testing::TestWithParam<Target> {};

TEST_P(FuzzSmoke, HoldsItsProperties) {
  const Target& target = GetParam();
  std::mt19937 random(4711);
  for (int i = 0; i < inputs_per_target; ++i) {
    std::string input;
    if (i % 8 == 0) {  // wholly random
      input.resize(random() % 64);
      for (char& c : input) c = static_cast<char>(random() & 0xff);
    } else {
      input = mutate(target.seeds[random() % target.seeds.size()], target, random);
    }
    // An exact heap copy, so that AddressSanitizer sees any read past the end.
    const auto heap = std::make_unique<std::byte[]>(input.size());
    std::memcpy(heap.get(), input.data(), input.size());
    target.run({heap.get(), input.size()});
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzSmoke, testing::ValuesIn(all_targets()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace relevo::fuzz
