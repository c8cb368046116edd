// relevo-counted ENGINE PROTOCOL COUNT: so many point selects through the proxy's own
// code, for an instruction counter to look at. tests/bench/instructions/check runs it.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "tests/bench/instructions/rig.hpp"

int main(int argc, char** argv) {
  int count = 0;
  if (argc == 4) {
    const std::string_view text = argv[3];
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  if (count <= 0) {
    std::fputs(
        "usage: relevo-counted postgres simple|simple-again|extended|prepared|rows COUNT\n"
        "       relevo-counted mysql text|binary COUNT\n",
        stderr);
    return 2;
  }
  const std::string_view engine = argv[1], protocol = argv[2];
  if (engine == "postgres") {
    relevo::instructions::run_postgres(protocol, count);
  } else if (engine == "mysql") {
    relevo::instructions::run_mysql(protocol, count);
  } else {
    relevo::instructions::die("no such engine");
  }
  return 0;
}
