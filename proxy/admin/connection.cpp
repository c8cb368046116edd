#include "proxy/admin/connection.hpp"

#include <algorithm>
#include <memory>

#include "proxy/admin/bounded_stream.hpp"
#include "proxy/admin/event_feed.hpp"
#include "proxy/admin/routes.hpp"

namespace relevo::admin {
namespace {

using namespace std::chrono_literals;

constexpr auto follow_step = 250ms;  // how soon a follower's departure or our stop is noticed

bool has_body(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

// Whether the request's length is told once and clearly (RFC 9112 section 6.3).
bool well_framed(const httplib::Request& request) {
  const auto lengths = request.get_header_value_count("Content-Length");
  if (request.has_header("Transfer-Encoding")) {
    return lengths == 0 && request.get_header_value("Transfer-Encoding") == "chunked";
  }
  if (lengths == 0) return true;
  const std::string length = request.get_header_value("Content-Length");
  return lengths == 1 && !length.empty() && length.size() < 19 &&
         std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string bearer_of(const httplib::Request& request) {
  const std::string value = request.get_header_value("Authorization");
  static constexpr std::string_view scheme = "bearer ";
  if (value.size() <= scheme.size()) return "";
  const bool same = std::equal(scheme.begin(), scheme.end(), value.begin(),
                               [](char a, char b) { return a == (b | 0x20); });
  return same ? value.substr(scheme.size()) : "";
}

std::string_view meaning_of(int status) {
  switch (status) {
    case 413:
      return "The request's body is too large.";
    case 414:
      return "The request's target is too long.";
    default:
      return "This is not a well-formed HTTP request, or it took too long to arrive.";
  }
}

// Derived from the library's server for its request parser alone: no socket,
// thread or route of its own. One object per connection, so its state is plain.
class Connection : private httplib::Server {
 public:
  Connection(int fd, Service& service, const StopSignal& stop)
      : service_(service), stop_(stop), stream_(fd, service.limits, stop) {
    svr_sock_ = 0;  // never used; the library takes INVALID_SOCKET for "shutting down"
    set_payload_max_length(service.limits.body_bytes);
    set_keep_alive_max_count(service.limits.requests_per_connection);
    set_keep_alive_timeout(
        std::chrono::duration_cast<std::chrono::seconds>(service.limits.idle).count());
    const auto handler = [this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
    };
    Get("/", handler).Post("/", handler).Put("/", handler).Patch("/", handler);
    Delete("/", handler).Options("/", handler);
    set_exception_handler([this](const auto&, auto& response, std::exception_ptr) {
      put(error_response(500, "internal", "The request could not be answered."), response);
    });
    set_error_handler(httplib::Server::HandlerWithResponse([this](const httplib::Request&,
                                                                  httplib::Response& response) {
      if (response.body.empty()) {  // the library's own refusal
        keep_open_ = false;
        put(error_response(response.status, "bad_request", meaning_of(response.status)), response);
      }
      return HandlerResponse::Handled;
    }));
    set_post_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      response.headers.erase("Accept-Ranges");
      if (!keep_open_ && !response.has_header("Connection")) {
        response.headers.erase("Keep-Alive");
        response.set_header("Connection", "close");
      }
    });
  }

  void run(const std::function<bool()>& wanted) {
    for (std::size_t count = 1; keep_open_ && stream_.await_request(wanted); ++count) {
      const bool last = count >= service_.limits.requests_per_connection || wanted();
      bool client_closes = false;
      const bool written = process_request(stream_, last, client_closes,
                                           [this](httplib::Request& request) { prepare(request); });
      if (!written || last || client_closes || !stream_.sound()) return;
    }
  }

 private:
  // After the headers, before the body is read.
  void prepare(httplib::Request& request) {
    well_framed_ = well_framed(request);
    // A body where none belongs is not read, so what follows cannot be told apart from it.
    if (!well_framed_ || (!has_body(request.method) && (request.has_header("Content-Length") ||
                                                        request.has_header("Transfer-Encoding")))) {
      keep_open_ = false;
    }
    if (!well_framed_) request.headers.erase("Transfer-Encoding");
    if (!well_framed_ ||
        (!request.has_header("Content-Length") && !request.has_header("Transfer-Encoding"))) {
      // The library would otherwise read until the client closes.
      request.headers.erase("Content-Length");
      request.set_header("Content-Length", "0");
    }
    // Unpacking (without a bound), multipart and form parsing, ranges and
    // compression are of no use here; without their headers they don't happen.
    for (const char* name : {"Content-Encoding", "Content-Type", "Accept-Encoding", "Range"}) {
      request.headers.erase(name);
    }
    request.ranges.clear();
    // The routes are ours (routes.hpp); the library's, made of regular
    // expressions that recurse over the path, see the same short path always.
    request.path = "/";
  }

  void answer(const httplib::Request& request, httplib::Response& response) {
    if (!well_framed_) {
      return put(error_response(400, "bad_request", "The length of the body is ambiguous."),
                 response);
    }
    auto target = parse_target(request.target);
    if (!target) {
      return put(error_response(400, "bad_request", "The request's target is malformed."),
                 response);
    }
    Request ours;
    ours.method = request.method == "HEAD" ? "GET" : request.method;
    ours.segments = std::move(target->segments);
    ours.query = std::move(target->query);
    ours.body = request.body;
    ours.bearer = bearer_of(request);
    ours.transport = service_.transport;
    put(dispatch(service_.backend, service_.token, std::move(ours)), response);
  }

  void put(const Response& ours, httplib::Response& response) {
    response.status = ours.status;
    response.set_header("Cache-Control", "no-store");
    for (const auto& [name, value] : ours.headers) response.set_header(name, value);
    if (ours.follow) {
      put_feed(*ours.follow, ours.content_type, response);
    } else {
      response.set_content(ours.body, ours.content_type);
    }
  }

  void put_feed(const Follow& follow, const std::string& content_type,
                httplib::Response& response) {
    if (service_.followers.fetch_add(1) >= service_.limits.followers) {
      service_.followers.fetch_sub(1);
      return put(
          error_response(503, "too_many_followers", "Too many clients follow the events already."),
          response);
    }
    auto feed =
        std::make_shared<EventFeed>(service_.backend, follow.since, service_.limits.heartbeat);
    response.set_chunked_content_provider(
        content_type,
        [this, feed](std::size_t, httplib::DataSink& sink) {
          if (stop_.raised()) {
            sink.done();
            return true;
          }
          if (!sink.is_writable()) return false;
          const std::string lines = feed->next(follow_step);
          return lines.empty() || sink.write(lines.data(), lines.size());
        },
        [this](bool) { service_.followers.fetch_sub(1); });
  }

  Service& service_;
  const StopSignal& stop_;
  BoundedStream stream_;
  bool keep_open_ = true;
  bool well_framed_ = true;
};

}  // namespace

void serve_connection(int fd, Service& service, const StopSignal& stop,
                      const std::function<bool()>& wanted) {
  Connection(fd, service, stop).run(wanted);
}

}  // namespace relevo::admin
