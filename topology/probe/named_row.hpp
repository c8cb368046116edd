// One row of a result by column name, for answers whose columns differ between
// versions: a column may have several names, and may be absent.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "topology/client/connection.hpp"

namespace relevo::probe {

class NamedRow {
 public:
  using Names = std::initializer_list<std::string_view>;

  NamedRow(const client::Rows& rows, std::size_t row) : rows_(rows), row_(row) {}

  bool has(Names names) const { return index_of(names).has_value(); }
  // nullopt when it is NULL or absent.
  std::optional<std::string> text(Names names) const;
  // As text(), and when it is not a whole number; a fraction is cut off.
  std::optional<std::uint64_t> number(Names names) const;
  std::optional<double> real(Names names) const;
  // "1", "ON", "Yes": true; everything else, absence among it, is false.
  bool truth(Names names) const;

 private:
  std::optional<std::size_t> index_of(Names names) const;

  const client::Rows& rows_;
  std::size_t row_;
};

bool is_truth(std::string_view text);

}  // namespace relevo::probe
