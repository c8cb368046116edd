// relevoctl's process: the real terminal and environment.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "proxy/admin/relevoctl/commands.hpp"

int main(int argc, char** argv) {
  const bool screen = isatty(STDOUT_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
  const char* token = std::getenv("RELEVO_ADMIN_TOKEN");
  relevo::admin::Terminal terminal{std::cout, std::cerr, {}, screen, token ? token : "", {}};
  terminal.style.color = screen && (no_color == nullptr || *no_color == '\0');
  terminal.pause = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
    return true;
  };
  return relevo::admin::run_relevoctl(argc, argv, terminal);
}
