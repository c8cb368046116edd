// Answers of our own, when their turn among the server's has come.
#include "proxy/session/postgres/exchange.hpp"
#include "proxy/wire/postgres/writer.hpp"

namespace relevo::session::postgres {

namespace wire = relevo::wire::postgres;
using wire::Backend;

namespace {

void append_empty(std::string& out, Backend type) {
  wire::Writer writer(out);
  writer.begin(type);
  writer.end();
}

void append_deallocated(std::string& out) {
  wire::Writer writer(out);
  writer.begin(Backend::command_complete);
  writer.cstring("DEALLOCATE");
  writer.end();
}

void append_ready(std::string& out, wire::TransactionStatus status) {
  wire::Writer writer(out);
  writer.begin(Backend::ready_for_query);
  writer.u8(static_cast<std::uint8_t>(status));
  writer.end();
}

}  // namespace

bool Exchange::has_due() const { return !idle() && is_local(pending_[head_].kind); }

void Exchange::append_due(std::string& out) {
  while (has_due()) {
    switch (front().kind) {
      case Expected::local_parse_complete:
        append_empty(out, Backend::parse_complete);
        break;
      case Expected::local_close_complete:
        append_empty(out, Backend::close_complete);
        break;
      default:
        append_deallocated(out);
        unreplicated_.tell(out);
        append_ready(out, status_);
    }
    pop();
  }
}

}  // namespace relevo::session::postgres
