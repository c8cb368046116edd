#include "tests/sim/mutants.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "failover/decide/mutation.hpp"
#include "tests/sim/runner.hpp"

namespace relevo::decide {
Mutation mutation;
}  // namespace relevo::decide

namespace relevo::sim {
namespace {

using decide::Mutation;

struct Mutant {
  std::string name;
  Mutation mutation;
  bool known = false;  // caught within a thousand schedules or so
};

// Rules without which something goes wrong soon.
constexpr std::array known_rules{0};

constexpr std::array guard_names{
    "",          "barrier",   "lease", "everyone_asked", "confirmation", "brake",
    "outsiders", "freshness", "proof", "furthest",       "one_at_a_time"};

std::vector<Mutant> all_mutants() {
  std::vector<Mutant> mutants;
  for (int guard = 1; guard <= decide::guards; ++guard) {
    const auto name = guard_names[static_cast<std::size_t>(guard)];
    mutants.push_back(
        {std::string("without guard ") + name, {.guard = static_cast<decide::Guard>(guard)}, true});
  }
  const auto& table = decide::rule_table();
  for (const auto& rule : table) {
    const bool known =
        std::find(known_rules.begin(), known_rules.end(), rule.number) != known_rules.end();
    mutants.push_back({"without rule " + std::to_string(rule.number) + " " + std::string(rule.name),
                       {.dropped = rule.number},
                       known});
  }
  for (std::size_t i = 1; i < table.size(); ++i) {
    mutants.push_back({"rules " + std::to_string(table[i - 1].number) + " and " +
                           std::to_string(table[i].number) + " swapped",
                       {.swapped = table[i - 1].number, .with = table[i].number},
                       false});
  }
  return mutants;
}

// "" when no check notices. In a process of its own: an assertion may end it.
std::string caught_by(const Mutant& mutant, std::uint64_t seeds, unsigned threads) {
  int ends[2];
  if (::pipe(ends) != 0) return "";
  const auto child = ::fork();
  if (child == 0) {
    ::close(STDERR_FILENO);  // of the assertion
    decide::mutation = mutant.mutation;
    const auto totals = run_all(1, seeds, threads, 1);
    if (!totals.failed.empty()) {
      const auto& [seed, violation] = *totals.failed.begin();
      const auto text = "seed " + std::to_string(seed) + ": " + violation;
      [[maybe_unused]] const auto written = ::write(ends[1], text.data(), text.size());
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 512> part{};
  for (ssize_t read; (read = ::read(ends[0], part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(read));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? "an assertion of the rules" : text;
}

}  // namespace

int try_mutants(std::uint64_t seeds, unsigned threads, bool known) {
  unsigned tried = 0, caught = 0;
  for (const auto& mutant : all_mutants()) {
    if (known && !mutant.known) continue;
    const auto by = caught_by(mutant, seeds, threads);
    std::printf("%-42s %s\n", mutant.name.c_str(), by.empty() ? "NOT CAUGHT" : by.c_str());
    std::fflush(stdout);
    ++tried;
    if (!by.empty()) ++caught;
  }
  std::printf("%u of %u mutants caught, each within %llu schedules\n", caught, tried,
              static_cast<unsigned long long>(seeds));
  return known && caught != tried ? 1 : 0;
}

}  // namespace relevo::sim
