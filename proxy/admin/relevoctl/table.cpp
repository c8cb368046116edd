#include "proxy/admin/relevoctl/table.hpp"

#include <algorithm>

namespace relevo::admin {
namespace {

// Code points, which is what most terminals show as one column each.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string_view escape_of(Color color) {
  switch (color) {
    case Color::none:
      return "";
    case Color::green:
      return "\x1b[32m";
    case Color::yellow:
      return "\x1b[33m";
    case Color::red:
      return "\x1b[31m";
    case Color::cyan:
      return "\x1b[36m";
    case Color::bold:
      return "\x1b[1m";
  }
  return "";
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (byte < 0x20 || byte == 0x7F) {
      out += '?';
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // C1 in UTF-8
      out += '?';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string colored(std::string_view text, Color color, Style style) {
  if (!style.color || color == Color::none) return std::string(text);
  return std::string(escape_of(color)).append(text).append("\x1b[0m");
}

std::string table(const std::vector<Row>& rows, Style style,
                  const std::vector<std::string>& prefixes) {
  std::vector<std::vector<std::string>> texts;
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    auto& line = texts.emplace_back();
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(printable(row[i].text));
      widths[i] = std::max(widths[i], width(line.back()));
    }
  }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line = r < prefixes.size() ? prefixes[r] : "";
    std::size_t pending = 0;  // spaces owed to the next text, so that none end the line
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string& text = texts[r][i];
      const std::size_t padding = widths[i] - width(text);
      if (rows[r][i].align_right) pending += padding;
      if (!text.empty()) {
        line.append(pending, ' ').append(colored(text, rows[r][i].color, style));
        pending = 0;
      }
      if (!rows[r][i].align_right) pending += padding;
      if (widths[i] > 0) pending += 2;  // a column without any text takes no room
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace relevo::admin
