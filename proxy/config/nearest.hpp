// The known word that a misspelt one most likely stood for.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace relevo::config {

// Least number of insertions, deletions, replacements and swaps of neighbours;
// the first of equals. "" when nothing is known.
std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace relevo::config
