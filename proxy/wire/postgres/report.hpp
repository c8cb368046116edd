// ErrorResponse and NoticeResponse: one body of tagged fields, two type bytes.
// https://www.postgresql.org/docs/current/protocol-error-fields.html
//
// Decoders take the whole body of one message. Fields of a type that we don't
// know are skipped, as the protocol asks; to pass a report on unchanged, relay
// its bytes.
#pragma once

#include <string_view>

#include "proxy/wire/postgres/decoded.hpp"
#include "proxy/wire/postgres/types.hpp"
#include "proxy/wire/postgres/writer.hpp"

namespace relevo::wire::postgres {

// An empty view: the field is absent.
struct Report {
  std::string_view severity;  // S: may be translated
  std::string_view
      severity_nonlocalized;           // V: ERROR, FATAL, PANIC, WARNING, NOTICE, ... (since 9.6)
  std::string_view sqlstate;           // C
  std::string_view message;            // M
  std::string_view detail;             // D
  std::string_view hint;               // H
  std::string_view position;           // P
  std::string_view internal_position;  // p
  std::string_view internal_query;     // q
  std::string_view where;              // W
  std::string_view schema;             // s
  std::string_view table;              // t
  std::string_view column;             // c
  std::string_view data_type;          // d
  std::string_view constraint;         // n
  std::string_view file;               // F
  std::string_view line;               // L
  std::string_view routine;            // R

  // The session ends after this.
  bool fatal() const {
    const std::string_view word = severity_nonlocalized.empty() ? severity : severity_nonlocalized;
    return word == "FATAL" || word == "PANIC";
  }
};

// severity in both its forms, and the rest as most of our own reports need it.
Report make_report(std::string_view severity, std::string_view sqlstate, std::string_view message,
                   std::string_view detail = {}, std::string_view hint = {});

Decoded<Report> decode_report(Bytes body);

// Only fields that are not empty are written.
void encode_error(Writer& out, const Report& report);
void encode_notice(Writer& out, const Report& report);

}  // namespace relevo::wire::postgres
