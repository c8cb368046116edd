#include "proxy/session/postgres/unreplicated.hpp"

#include <utility>

#include "proxy/wire/postgres/report.hpp"
#include "proxy/wire/postgres/writer.hpp"

namespace relevo::session::postgres {

namespace wire = relevo::wire::postgres;
using wire::Backend;

namespace {

// The server's text is short; what somebody else might send isn't kept whole.
constexpr std::size_t detail_bytes_max = 1024;
constexpr std::size_t kept_bytes_max = 256;  // a command's tag has 64 at most

// They may come at any time and say nothing of how the query goes on.
bool comes_unasked(Backend type) {
  return type == Backend::notice_response || type == Backend::parameter_status ||
         type == Backend::notification_response;
}

}  // namespace

bool says_unreplicated(wire::Bytes notice) {
  const auto report = wire::decode_report(notice);
  return report && report->severity_nonlocalized == "WARNING" &&
         report->routine == "SyncRepWaitForLSN";
}

void UnreplicatedCommit::note(wire::Bytes notice) {
  open_ = uncompleted_ = true;
  const auto report = wire::decode_report(notice);
  detail_ = report ? report->detail.substr(0, detail_bytes_max) : std::string_view();
}

bool UnreplicatedCommit::pass(Backend type, std::string_view whole, bool ready_is_next,
                              std::string& out) {
  if (type == Backend::ready_for_query) {
    tell(out);
    return true;
  }
  if (comes_unasked(type)) return true;
  out += std::exchange(kept_, {});
  if (type != Backend::command_complete) return true;
  const bool its_own = std::exchange(uncompleted_, false);
  if (!its_own || !ready_is_next || whole.size() > kept_bytes_max) return true;
  kept_ = whole;
  return false;
}

void UnreplicatedCommit::tell(std::string& out) {
  if (!std::exchange(open_, false)) return;
  kept_.clear();
  wire::Writer writer(out);
  wire::encode_error(
      writer,
      wire::make_report("ERROR", "08007",
                        "the transaction was committed on the primary, but might not have been "
                        "replicated: its wait for replicas was cancelled",
                        detail_,
                        "If the primary fails now it may be lost. Look whether it is there "
                        "before running it again."));
}

}  // namespace relevo::session::postgres
