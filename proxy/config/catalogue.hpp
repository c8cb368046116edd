// The settings table as flat rows: what the documentation is printed from, and what
// tests walk over.
#pragma once

#include <string>
#include <vector>

namespace relevo::config {

// How a changed value takes effect.
enum class Change {
  reload,   // SIGHUP takes it; so it does for whatever lies inside
  restart,  // it needs a restart; a section or a list is asked about its own settings
};

struct Setting {
  std::string path;      // `clusters[].pool.size`
  std::string type;      // in words, with unit and bounds
  std::string fallback;  // the default as JSON; "" when there is none
  bool required = false;
  Change change = Change::restart;
  std::string doc;  // one sentence
};

struct SettingGroup {
  std::string path;  // `clusters[].pool`; "" for the top level
  std::string doc;
  std::vector<Setting> settings;
};

using Catalogue = std::vector<SettingGroup>;

}  // namespace relevo::config
