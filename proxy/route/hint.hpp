// Routing hints in comments, the same for every database:
// /* relevo: primary */, /* relevo: replica */, /* relevo: max_lag=200ms */
#pragma once

#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::route {

// `comment` is the text between the comment's marks. Adds what it says to
// `hint`; several words may be separated by commas or blanks, the last of a
// kind counts. What is not understood is ignored: a comment is never an error.
void parse_hint(std::string_view comment, Hint& hint);

}  // namespace relevo::route
