// relevo-settings: prints the documents that are generated from the settings table,
// or writes them into a documentation folder.
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "proxy/config/documents.hpp"

namespace {

using namespace relevo::config;

bool write_file(const std::string& file, const std::string& content) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << content;
  stream.close();
  if (!stream) std::cerr << "relevo-settings: cannot write " << file << '\n';
  return static_cast<bool>(stream);
}

int write_documents(const std::string& folder) {
  const std::string page_file = folder + "/configuration.md";
  std::ifstream stream(page_file, std::ios::binary);
  std::ostringstream page;
  page << stream.rdbuf();
  if (!stream || !page) {
    std::cerr << "relevo-settings: cannot read " << page_file << '\n';
    return 1;
  }
  const auto updated = with_reference(page.str(), markdown_reference());
  if (!updated) {
    std::cerr << "relevo-settings: " << page_file << ": " << updated.error();
    return 1;
  }
  const bool written = write_file(folder + "/config.schema.json", schema_document()) &&
                       write_file(page_file, *updated);
  return written ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "--schema" && argc == 2) {
    std::cout << schema_document();
  } else if (command == "--markdown" && argc == 2) {
    std::cout << markdown_reference();
  } else if (command == "--write" && argc == 3) {
    return write_documents(argv[2]);
  } else {
    std::cerr << "usage: relevo-settings --schema | --markdown | --write DOCS_FOLDER\n";
    return 2;
  }
  std::cout.flush();
  return std::cout ? 0 : 1;
}
