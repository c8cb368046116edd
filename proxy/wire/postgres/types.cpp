#include "proxy/wire/postgres/types.hpp"

namespace relevo::wire::postgres {

// A switch without default: the compiler tells when an enumerator is missing.
bool is_known(Frontend type) {
  switch (type) {
    case Frontend::bind:
    case Frontend::close:
    case Frontend::copy_data:
    case Frontend::copy_done:
    case Frontend::copy_fail:
    case Frontend::describe:
    case Frontend::execute:
    case Frontend::flush:
    case Frontend::function_call:
    case Frontend::parse:
    case Frontend::password:
    case Frontend::query:
    case Frontend::sync:
    case Frontend::terminate:
      return true;
  }
  return false;
}

bool is_known(Backend type) {
  switch (type) {
    case Backend::authentication:
    case Backend::backend_key_data:
    case Backend::bind_complete:
    case Backend::close_complete:
    case Backend::command_complete:
    case Backend::copy_both_response:
    case Backend::copy_data:
    case Backend::copy_done:
    case Backend::copy_in_response:
    case Backend::copy_out_response:
    case Backend::data_row:
    case Backend::empty_query_response:
    case Backend::error_response:
    case Backend::function_call_response:
    case Backend::negotiate_protocol_version:
    case Backend::no_data:
    case Backend::notice_response:
    case Backend::notification_response:
    case Backend::parameter_description:
    case Backend::parameter_status:
    case Backend::parse_complete:
    case Backend::portal_suspended:
    case Backend::ready_for_query:
    case Backend::row_description:
      return true;
  }
  return false;
}

}  // namespace relevo::wire::postgres
