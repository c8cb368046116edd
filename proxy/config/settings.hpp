// The settings table: every setting's key, kind with its unit and bounds, whether a
// reload takes it, and its sentence of documentation, in one row each (settings.cpp).
// Defaults are those of the structs in config.hpp. Whoever adds a setting adds a
// field there and a row here, and runs `relevo-settings --write docs`.
#pragma once

#include <string>

#include "proxy/config/catalogue.hpp"
#include "proxy/config/section.hpp"

namespace relevo::config {

const Section<Config>& settings();

// The table as flat rows, group by group, the top level first.
Catalogue catalogue();

}  // namespace relevo::config
