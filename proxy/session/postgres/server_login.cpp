#include "proxy/session/postgres/server_login.hpp"

#include <array>

#include "proxy/session/postgres/auth/md5.hpp"
#include "proxy/wire/postgres/authentication.hpp"
#include "proxy/wire/postgres/report.hpp"
#include "proxy/wire/postgres/session_info.hpp"
#include "proxy/wire/postgres/startup.hpp"

namespace relevo::session::postgres {

namespace wire = relevo::wire::postgres;
using wire::AuthenticationKind;
using wire::Backend;

namespace {
constexpr std::size_t parameters_max = 128;  // servers report about fifteen
}

void ServerLogin::start(std::string& out) {
  wire::Writer writer(out);
  const std::array<wire::StartupParameters::Parameter, 3> parameters = {
      {{"user", setup_.user}, {"database", setup_.database}, {"application_name", "relevo"}}};
  wire::encode_startup_message(writer, wire::version_3_0, parameters);
}

ServerLogin::Step ServerLogin::stop(std::string code, std::string message) {
  error_ = {std::move(code), std::move(message)};
  return Step::failed;
}

ServerLogin::Step ServerLogin::on_message(Backend type, wire::Bytes body, std::string& out) {
  switch (type) {
    case Backend::authentication:
      return authenticate(body, out);
    case Backend::error_response: {
      const auto report = wire::decode_report(body);
      if (!report) return stop("08P01", "the server sent a malformed error");
      return stop(std::string(report->sqlstate), std::string(report->message));
    }
    case Backend::notice_response:
      return Step::more;
    case Backend::parameter_status: {
      const auto status = wire::decode_parameter_status(body);
      if (!status || parameters_.size() >= parameters_max) {
        return stop("08P01", "the server sent a malformed parameter status");
      }
      parameters_.insert_or_assign(std::string(status->name), std::string(status->value));
      return Step::more;
    }
    case Backend::backend_key_data: {
      const auto data = wire::decode_backend_key_data(body);
      if (!data) return stop("08P01", "the server sent a malformed cancel key");
      pid_ = data->pid;
      key_ = std::string(wire::as_text(data->key));
      return Step::more;
    }
    case Backend::ready_for_query:
      if (!authenticated_) return stop("08P01", "the server is ready before it let us in");
      return Step::done;
    case Backend::negotiate_protocol_version:
      return Step::more;
    default:
      return stop("08P01", "the server sent an unexpected message during login");
  }
}

ServerLogin::Step ServerLogin::authenticate(wire::Bytes body, std::string& out) {
  const auto request = wire::decode_authentication(body);
  if (!request) return stop("08P01", "the server sent a malformed authentication request");
  wire::Writer writer(out);
  const ServerCredentials& credentials = setup_.credentials;
  switch (request->kind) {
    case AuthenticationKind::ok:
      if (!server_proved_) return stop("28000", "the server let us in without proving itself");
      authenticated_ = true;
      return Step::more;
    case AuthenticationKind::cleartext_password:
      if (!credentials.password) {
        return stop("28000",
                    "the server asks for a password in clear text, which passthrough "
                    "authentication does not have");
      }
      wire::encode_password(writer, *credentials.password);
      return Step::more;
    case AuthenticationKind::md5_password: {
      auto hash = credentials.md5;
      if (!hash && credentials.password) {
        auto made = make_md5_verifier(*credentials.password, setup_.user);
        if (!made) return stop(made.error().code, made.error().message);
        hash = std::move(*made);
      }
      if (!hash) return stop("28000", "the server asks for md5, and only SCRAM keys are known");
      const auto answer = md5_answer(*hash, request->salt);
      if (!answer) return stop(answer.error().code, answer.error().message);
      wire::encode_password(writer, *answer);
      return Step::more;
    }
    case AuthenticationKind::sasl: {
      if (!credentials.keys && !credentials.password) {
        return stop("28000", "the server asks for SCRAM, and neither password nor keys of user " +
                                 setup_.user + " are known");
      }
      const auto choice =
          choose_scram(request->mechanisms, setup_.tls, setup_.channel_binding.has_value(),
                       ChannelBindingPolicy::prefer);
      if (!choice) return stop(choice.error().code, choice.error().message);
      scram_ = std::make_unique<ScramClient>(
          ScramClient::Setup{.keys = credentials.keys,
                             .password = credentials.password,
                             .nonce = setup_.nonce,
                             .flag = choice->flag,
                             .channel_binding = setup_.channel_binding.value_or("")});
      server_proved_ = false;
      wire::encode_sasl_initial_response(writer, choice->mechanism, scram_->first());
      return Step::more;
    }
    case AuthenticationKind::sasl_continue: {
      if (scram_ == nullptr) return stop("08P01", "SASL goes on before it began");
      const auto answer = scram_->respond(wire::as_text(request->data));
      if (!answer) return stop(answer.error().code, answer.error().message);
      wire::encode_sasl_response(writer, *answer);
      return Step::more;
    }
    case AuthenticationKind::sasl_final: {
      if (scram_ == nullptr) return stop("08P01", "SASL ends before it began");
      const auto keys = scram_->finish(wire::as_text(request->data));
      if (!keys) return stop(keys.error().code, keys.error().message);
      server_proved_ = true;
      return Step::more;
    }
    default:
      return stop("28000", "the server asks for an authentication method that is not supported");
  }
}

}  // namespace relevo::session::postgres
