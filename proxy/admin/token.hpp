// Compares a secret with what a stranger sent.
#pragma once

#include <string_view>

namespace relevo::admin {

// The time it takes depends on the lengths only, never on where two tokens
// differ, so that one cannot be guessed byte by byte. An empty token equals nothing.
bool tokens_equal(std::string_view expected, std::string_view given);

}  // namespace relevo::admin
