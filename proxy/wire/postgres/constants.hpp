// Messages without a body (and the three ReadyForQuery), as ready bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "proxy/wire/postgres/types.hpp"

namespace relevo::wire::postgres::constants {

using EmptyMessage = std::array<std::byte, 5>;

template <typename Type>
constexpr EmptyMessage empty_message(Type type) {
  return {static_cast<std::byte>(type), std::byte{0}, std::byte{0}, std::byte{0}, std::byte{4}};
}

constexpr std::array<std::byte, 6> ready_message(TransactionStatus status) {
  return {static_cast<std::byte>(Backend::ready_for_query),
          std::byte{0},
          std::byte{0},
          std::byte{0},
          std::byte{5},
          static_cast<std::byte>(status)};
}

// From the client.
inline constexpr EmptyMessage sync = empty_message(Frontend::sync);
inline constexpr EmptyMessage flush = empty_message(Frontend::flush);
inline constexpr EmptyMessage terminate = empty_message(Frontend::terminate);
inline constexpr EmptyMessage copy_done = empty_message(Frontend::copy_done);

// From the server.
inline constexpr EmptyMessage parse_complete = empty_message(Backend::parse_complete);
inline constexpr EmptyMessage bind_complete = empty_message(Backend::bind_complete);
inline constexpr EmptyMessage close_complete = empty_message(Backend::close_complete);
inline constexpr EmptyMessage no_data = empty_message(Backend::no_data);
inline constexpr EmptyMessage portal_suspended = empty_message(Backend::portal_suspended);
inline constexpr EmptyMessage empty_query_response = empty_message(Backend::empty_query_response);
inline constexpr std::array<std::byte, 6> ready_idle = ready_message(TransactionStatus::idle);
inline constexpr std::array<std::byte, 6> ready_in_transaction =
    ready_message(TransactionStatus::in_transaction);
inline constexpr std::array<std::byte, 6> ready_failed = ready_message(TransactionStatus::failed);

// The one-byte answers to SSLRequest and GSSENCRequest.
inline constexpr std::array<std::byte, 1> encryption_accepted = {std::byte{'S'}};
inline constexpr std::array<std::byte, 1> encryption_refused = {std::byte{'N'}};

}  // namespace relevo::wire::postgres::constants
