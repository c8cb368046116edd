// relevoctl: its command line, and what each command asks and prints.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

#include "proxy/admin/relevoctl/table.hpp"

namespace relevo::admin {

// What a command takes from its surroundings.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  Style style;
  bool interactive = false;  // `out` is a screen that --watch may redraw
  std::string token;         // RELEVO_ADMIN_TOKEN
  // Waits between two refreshes of --watch; false ends it.
  std::function<bool(std::chrono::milliseconds)> pause;
};

// The exit code: 0 done, 1 refused or failed (the reason is on `err`), 2 usage.
int run_relevoctl(int argc, const char* const* argv, Terminal& terminal);

}  // namespace relevo::admin
