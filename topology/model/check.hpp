// An assert that stays on in release: a broken invariant of ours ends the
// process rather than going on with other people's data.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace relevo {

[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "relevo: invariant broken: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace relevo

#define RELEVO_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::relevo::check_failed(#condition, __FILE__, __LINE__))
