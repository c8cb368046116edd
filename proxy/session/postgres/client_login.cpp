#include "proxy/session/postgres/client_login.hpp"

#include <array>
#include <vector>

#include "proxy/session/postgres/auth/md5.hpp"
#include "proxy/wire/postgres/authentication.hpp"
#include "proxy/wire/postgres/session_info.hpp"

namespace relevo::session::postgres {

namespace wire = relevo::wire::postgres;

void ClientLogin::set_tls(std::optional<std::string> channel_binding) {
  tls_ = true;
  channel_binding_ = std::move(channel_binding);
}

ClientLogin::Step ClientLogin::refuse(std::string sqlstate, std::string message,
                                      std::string detail) {
  error_ = {std::move(sqlstate), std::move(message), std::move(detail)};
  return Step::refused;
}

ClientLogin::Step ClientLogin::wrong_password() {
  return refuse("28P01", "password authentication failed for user \"" + request_.user + "\"");
}

ClientLogin::Step ClientLogin::on_startup(wire::Bytes packet, std::string& out) {
  const auto decoded = wire::decode_startup(packet);
  if (!decoded) return refuse("08P01", "invalid startup packet", std::string(decoded.error()));
  if (std::holds_alternative<wire::SslRequest>(*decoded)) {
    if (tls_ || encryption_asked_) return refuse("08P01", "TLS was asked for twice");
    encryption_asked_ = true;
    out += setup_.tls_offered ? 'S' : 'N';
    return setup_.tls_offered ? Step::start_tls : Step::need_more;
  }
  if (std::holds_alternative<wire::GssEncRequest>(*decoded)) {
    if (tls_ || gss_asked_) return refuse("08P01", "GSSAPI encryption was asked for twice");
    gss_asked_ = true;
    out += 'N';
    return Step::need_more;
  }
  if (const auto* cancel = std::get_if<wire::CancelRequest>(&*decoded)) {
    cancel_pid_ = cancel->pid;
    cancel_key_ = std::string(wire::as_text(cancel->key));
    return Step::cancel;
  }
  if (std::holds_alternative<wire::UnsupportedProtocol>(*decoded)) {
    const auto version = std::get<wire::UnsupportedProtocol>(*decoded).version;
    return refuse("0A000", "unsupported frontend protocol " + std::to_string(version.major) + "." +
                               std::to_string(version.minor) + ": server supports 3.0 to 3.2");
  }
  return on_request(std::get<wire::StartupMessage>(*decoded), out);
}

ClientLogin::Step ClientLogin::on_request(const wire::StartupMessage& message, std::string& out) {
  if (setup_.tls_required && !tls_) {
    return refuse("28000", "this server accepts encrypted connections only",
                  "Connect with sslmode=require or stronger.");
  }
  request_.user = std::string(message.user());
  request_.database = std::string(message.database());
  // Whatever their order, a parameter of its own wins over `options`.
  if (const auto options = message.parameters.find("options")) {
    if (!parse_options(*options, request_.settings)) {
      return refuse("42601",
                    "the startup option \"" + std::string(*options) + "\" is not supported",
                    "Only settings, as in -c name=value, can be given.");
    }
  }
  std::vector<std::string_view> unrecognized;
  for (const auto& [name, value] : message.parameters) {
    if (name == "user" || name == "database" || name == "options") continue;
    if (name.starts_with("_pq_.")) {
      unrecognized.push_back(name);
    } else if (name == "replication") {
      if (value == "false" || value == "off" || value == "no" || value == "0") continue;
      return refuse("0A000", "replication connections do not go through Relevo",
                    "Connect to the server itself.");
    } else {
      request_.settings[fold_setting_name(name)] = {std::string(value), SettingValue::Form::flat};
    }
  }
  if (const auto named = request_.settings.find("application_name");
      named != request_.settings.end()) {
    request_.application_name = named->second.text;
  }
  // 3.1 was never in use; servers answer it, and anything newer than they know, with their newest.
  request_.version = message.version >= wire::version_3_2 ? wire::version_3_2 : wire::version_3_0;
  if (request_.version != message.version || !unrecognized.empty()) {
    wire::Writer writer(out);
    wire::encode_negotiate_protocol_version(writer, request_.version, unrecognized);
  }
  return Step::look_up;
}

ClientLogin::Step ClientLogin::on_user(const KnownUser& user, std::string& out) {
  user_ = user;
  if (setup_.trusted) {
    if (!user_.verifier) {
      return refuse("28000", "role \"" + request_.user + "\" does not exist or may not log in");
    }
    credentials_.password = user_.password;
    if (const auto* md5 = std::get_if<Md5Verifier>(&*user_.verifier)) credentials_.md5 = *md5;
    return accept(out);
  }
  wire::Writer writer(out);
  if (setup_.cleartext_over_tls && tls_) {
    method_ = Method::cleartext;
    wire::encode_authentication_cleartext(writer);
  } else if (user_.verifier && std::holds_alternative<Md5Verifier>(*user_.verifier)) {
    method_ = Method::md5;
    wire::encode_authentication_md5(writer, setup_.md5_salt);
  } else {
    method_ = Method::scram_start;
    static constexpr std::array<std::string_view, 2> both = {scram_sha_256_plus, scram_sha_256};
    const std::span mechanisms(both);
    wire::encode_authentication_sasl(writer, channel_binding_ ? mechanisms : mechanisms.subspan(1));
  }
  return Step::need_more;
}

ClientLogin::Step ClientLogin::on_password(wire::Bytes body, std::string& out) {
  switch (method_) {
    case Method::scram_start:
      return start_scram(body, out);
    case Method::scram_finish:
      return finish_scram(body, out);
    case Method::md5: {
      const auto& verifier = std::get<Md5Verifier>(*user_.verifier);
      const auto answer = wire::decode_password(body);
      if (!answer) return refuse("08P01", "malformed password message");
      const auto matches = md5_answer_matches(verifier, setup_.md5_salt, *answer);
      if (!matches) return refuse(matches.error().code, matches.error().message);
      if (!*matches) return wrong_password();
      credentials_.md5 = verifier;
      credentials_.password = user_.password;
      return accept(out);
    }
    case Method::cleartext: {
      const auto password = wire::decode_password(body);
      if (!password) return refuse("08P01", "malformed password message");
      const Verifier verifier =
          user_.verifier.value_or(make_mock_verifier(setup_.mock_secret, request_.user));
      const auto matches = password_matches(verifier, request_.user, *password);
      if (!matches) return refuse(matches.error().code, matches.error().message);
      if (!*matches || !user_.verifier) return wrong_password();
      credentials_.password = std::string(*password);
      return accept(out);
    }
    case Method::none:
      break;
  }
  return refuse("08P01", "unexpected password message");
}

ClientLogin::Step ClientLogin::start_scram(wire::Bytes body, std::string& out) {
  const auto response = wire::decode_sasl_initial_response(body);
  if (!response || !response->data) return refuse("08P01", "malformed SASL response");
  const bool plus = response->mechanism == scram_sha_256_plus;
  if (!plus && response->mechanism != scram_sha_256) {
    return refuse("08P01", "client selected an invalid SASL authentication mechanism");
  }
  if (plus && !channel_binding_) {
    return refuse("08P01", "client selected SCRAM-SHA-256-PLUS, which was not offered");
  }
  ScramServer::Setup setup;
  setup.mock = !user_.verifier;
  setup.verifier = user_.verifier ? std::get<ScramVerifier>(*user_.verifier)
                                  : make_mock_verifier(setup_.mock_secret, request_.user);
  setup.nonce = setup_.nonce;
  setup.plus_advertised = channel_binding_.has_value();
  setup.plus_chosen = plus;
  setup.channel_binding = channel_binding_.value_or("");
  scram_ = std::make_unique<ScramServer>(std::move(setup));
  const auto answer = scram_->first(wire::as_text(*response->data));
  if (!answer) return refuse(answer.error().code, answer.error().message);
  wire::Writer writer(out);
  wire::encode_authentication_sasl_continue(writer, *answer);
  method_ = Method::scram_finish;
  return Step::need_more;
}

ClientLogin::Step ClientLogin::finish_scram(wire::Bytes body, std::string& out) {
  auto login = scram_->finish(wire::as_text(body));
  if (!login) {
    if (login.error().code == "28P01") return wrong_password();
    return refuse(login.error().code, login.error().message);
  }
  credentials_.keys = std::move(login->keys);
  credentials_.password = user_.password;
  wire::Writer writer(out);
  wire::encode_authentication_sasl_final(writer, login->server_final);
  return accept(out);
}

ClientLogin::Step ClientLogin::accept(std::string& out) {
  wire::Writer writer(out);
  wire::encode_authentication_ok(writer);
  return Step::accepted;
}

}  // namespace relevo::session::postgres
