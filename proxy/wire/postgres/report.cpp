#include "proxy/wire/postgres/report.hpp"

#include <array>

#include "proxy/wire/postgres/reader.hpp"

namespace relevo::wire::postgres {
namespace {

struct Field {
  char code;
  std::string_view Report::* member;
};

// In the order in which PostgreSQL writes them.
constexpr std::array<Field, 18> fields = {{
    {'S', &Report::severity},
    {'V', &Report::severity_nonlocalized},
    {'C', &Report::sqlstate},
    {'M', &Report::message},
    {'D', &Report::detail},
    {'H', &Report::hint},
    {'P', &Report::position},
    {'p', &Report::internal_position},
    {'q', &Report::internal_query},
    {'W', &Report::where},
    {'s', &Report::schema},
    {'t', &Report::table},
    {'c', &Report::column},
    {'d', &Report::data_type},
    {'n', &Report::constraint},
    {'F', &Report::file},
    {'L', &Report::line},
    {'R', &Report::routine},
}};

void encode(Writer& out, Backend type, const Report& report) {
  out.begin(type);
  for (const Field& field : fields) {
    const std::string_view value = report.*field.member;
    if (value.empty()) continue;
    out.u8(static_cast<std::uint8_t>(field.code));
    out.cstring(value);
  }
  out.u8(0);
  out.end();
}

}  // namespace

Report make_report(std::string_view severity, std::string_view sqlstate, std::string_view message,
                   std::string_view detail, std::string_view hint) {
  Report report;
  report.severity = severity;
  report.severity_nonlocalized = severity;
  report.sqlstate = sqlstate;
  report.message = message;
  report.detail = detail;
  report.hint = hint;
  return report;
}

Decoded<Report> decode_report(Bytes body) {
  using Answer = Decoded<Report>;
  Reader reader(body);
  Report report;
  for (;;) {
    const std::uint8_t code = reader.u8();
    if (!reader.ok()) return Answer::malformed("error report has no terminator");
    if (code == 0) break;
    const std::string_view value = reader.cstring();
    if (!reader.ok()) return Answer::malformed("error report has a field without an end");
    for (const Field& field : fields) {
      if (static_cast<std::uint8_t>(field.code) == code) report.*field.member = value;
    }
  }
  if (!reader.at_end()) return Answer::malformed("error report has trailing bytes");
  return Answer::ok(report);
}

void encode_error(Writer& out, const Report& report) {
  encode(out, Backend::error_response, report);
}
void encode_notice(Writer& out, const Report& report) {
  encode(out, Backend::notice_response, report);
}

}  // namespace relevo::wire::postgres
