#include "failover/act/controller.hpp"

#include "failover/act/controller_impl.hpp"
#include "failover/act/mysql/accounts.hpp"
#include "failover/act/postgres/sql.hpp"

namespace relevo::act {

using decide::CommandKind;

Controller::Controller(asio::io_context& io, ControllerSettings settings, Ports ports)
    : impl_(std::make_shared<Impl>(io, std::move(settings), std::move(ports))) {}

Controller::~Controller() { impl_->shutdown(); }

Result<void> Controller::start() { return impl_->start(); }
void Controller::reconfigure(ControllerSettings settings) {
  impl_->reconfigure(std::move(settings));
}

void Controller::shutdown() { impl_->shutdown(); }

void Controller::on_view_applied(const model::ViewApplied& applied) {
  impl_->feed(decide::ViewApplied{applied});
}

void Controller::on_traffic_signal(model::NodeId node, model::TrafficSignal signal) {
  impl_->signal(node, signal);
}

void Controller::switchover(const std::string& to, Reply reply) {
  impl_->command(CommandKind::switchover, to, false, std::move(reply));
}

void Controller::failover(const std::string& to, bool allow_data_loss, Reply reply) {
  impl_->command(CommandKind::failover, to, allow_data_loss, std::move(reply));
}

void Controller::pause(Reply reply) {
  impl_->command(CommandKind::pause, "", false, std::move(reply));
}

void Controller::resume(Reply reply) {
  impl_->command(CommandKind::resume, "", false, std::move(reply));
}

void Controller::maintenance(const std::string& node, bool on, Reply reply) {
  if (node.empty()) return reply(fail("unknown_node", "maintenance needs a node"));
  impl_->command(on ? CommandKind::maintenance_on : CommandKind::maintenance_off, node, false,
                 std::move(reply));
}

void Controller::acknowledge(Reply reply) {
  impl_->command(CommandKind::acknowledge, "", false, std::move(reply));
}

void Controller::run_on_any_node(const std::string& sql, client::Connection::QueryHandler handler) {
  impl_->catalogue().run(sql, std::move(handler));
}

void Controller::lookup_role(const std::string& user, RoleHandler handler) {
  const std::string sql =
      "SELECT rolpassword, coalesce(rolvaliduntil < now(), false), rolcanlogin, rolsuper"
      " FROM pg_catalog.pg_authid WHERE rolname = " +
      postgres::quote_literal(user.substr(0, user.find('\0')));
  impl_->catalogue().run(
      sql, [handler = std::move(handler)](client::Outcome<client::Rows> outcome) {
        if (!outcome) return handler(tl::make_unexpected(outcome.error()));
        if (outcome->rows.empty()) return handler(std::optional<RoleSecret>{});
        const auto& row = outcome->rows.front();
        if (row.size() != 4) {
          return handler(tl::make_unexpected(client::Failure{
              client::FailureKind::server_error, "", "the catalogue's answer has another shape"}));
        }
        handler(std::optional<RoleSecret>{RoleSecret{.rolpassword = row[0],
                                                     .valid_until_passed = row[1] == "t",
                                                     .can_login = row[2] == "t",
                                                     .is_superuser = row[3] == "t"}});
      });
}

void Controller::lookup_accounts(const std::string& user, AccountsHandler handler) {
  impl_->catalogue().run(
      mysql::account_query(impl_->flavor(), user),
      [handler = std::move(handler)](const client::Outcome<client::Rows>& outcome) {
        if (!outcome) return handler(tl::make_unexpected(outcome.error()));
        auto accounts = mysql::read_accounts(*outcome);
        if (accounts) return handler(std::move(*accounts));
        handler(tl::make_unexpected(
            client::Failure{client::FailureKind::server_error, "", accounts.error().message}));
      });
}

model::ViewPtr Controller::view() const { return impl_->view(); }

std::vector<model::Event> Controller::events(std::uint64_t since) const {
  return impl_->events().since(since);
}

}  // namespace relevo::act
