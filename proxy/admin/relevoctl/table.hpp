// Plain aligned tables for a terminal or a pipe.
//
// Cells may hold what a client of the database chose to send (user names,
// application names), so control characters never get through: they could
// rewrite the operator's screen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relevo::admin {

enum class Color { none, green, yellow, red, cyan, bold };

struct Style {
  bool color = false;
};

struct Cell {
  std::string text;
  Color color = Color::none;
  bool align_right = false;
};

using Row = std::vector<Cell>;

// Control characters (C0, DEL and C1) as '?'; everything else as it is.
std::string printable(std::string_view text);

// `text` in `color`, or as it is when the style has none.
std::string colored(std::string_view text, Color color, Style style);

// One line per row, columns two spaces apart, no spaces at a line's end.
// `prefixes` (tree branches), when given, stand before the rows.
std::string table(const std::vector<Row>& rows, Style style,
                  const std::vector<std::string>& prefixes = {});

}  // namespace relevo::admin
