// What is generated from the settings table and committed under docs/. A test fails
// when a committed document differs from what is generated.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace relevo::config {

// docs/config.schema.json: JSON Schema, draft 2020-12
// (https://json-schema.org/draft/2020-12/json-schema-core).
std::string schema_document();

// The reference part of docs/configuration.md: one table a section.
std::string markdown_reference();

inline constexpr std::string_view reference_begin = "<!-- reference: begin (generated) -->\n";
inline constexpr std::string_view reference_end = "<!-- reference: end -->\n";

// `page` with what stands between the two markers replaced; the error says which
// marker is missing.
tl::expected<std::string, std::string> with_reference(std::string_view page,
                                                      std::string_view reference);

}  // namespace relevo::config
