// Random SQL for the differential test: mostly valid, and full of the places
// where a call looks like something else, or something else like a call.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace relevo::route::test {

class StatementGenerator {
 public:
  explicit StatementGenerator(std::uint32_t seed) : random_(seed) {}

  // A query; now and then something in it writes.
  std::string statement();

  // `sql` with tokens dropped, doubled, swapped or replaced by those of `donor`.
  std::string splice(std::string_view sql, std::string_view donor);

  // `sql` with a few bytes changed.
  std::string damage(std::string sql);

  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  bool chance(unsigned percent) { return below(100) < percent; }
  std::string_view pick(const std::vector<std::string_view>& from) {
    return from[below(from.size())];
  }
  std::string query(int depth);
  std::string with_list(int depth);
  std::string target(int depth);
  std::string from_item(int depth);
  std::string expression(int depth);
  std::string call(int depth);
  std::string field();
  std::string grammar_function(int depth);
  std::string explained();
  std::string name();
  std::string blank();

  std::mt19937 random_;
};

}  // namespace relevo::route::test
