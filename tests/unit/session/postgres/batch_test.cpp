// Plans of batches: the same however the bytes come in, the strictest statement
// decides, and nothing is taken for known that is not.
#include "proxy/session/postgres/batch.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "proxy/route/shape.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/extended.hpp"

namespace relevo::session::postgres {
namespace {

namespace wire = relevo::wire::postgres;
using namespace std::literals;
using route::Need;
using Status = BatchPlan::Status;

constexpr std::size_t bytes_max = 4096;

// Messages, one behind the other.
class Bytes {
 public:
  Bytes& query(std::string_view sql) {
    wire::Writer out(bytes_);
    wire::encode_query(out, sql);
    return *this;
  }
  Bytes& parse(std::string_view name, std::string_view sql) {
    wire::Writer out(bytes_);
    wire::encode_parse(out, name, sql, {});
    return *this;
  }
  Bytes& bind(std::string_view name, std::string_view portal = "", std::size_t padding = 0) {
    const std::string rest("\0\0\0\0\0\0"s + std::string(padding, 'x'));
    wire::Writer out(bytes_);
    wire::encode_bind_head(out, portal, name, static_cast<std::uint32_t>(rest.size()));
    bytes_ += rest;
    return *this;
  }
  Bytes& describe(std::string_view name) {
    wire::Writer out(bytes_);
    wire::encode_describe(out, wire::Target::statement, name);
    return *this;
  }
  Bytes& describe_portal(std::string_view name) {
    wire::Writer out(bytes_);
    wire::encode_describe(out, wire::Target::portal, name);
    return *this;
  }
  Bytes& close(std::string_view name) {
    wire::Writer out(bytes_);
    wire::encode_close(out, wire::Target::statement, name);
    return *this;
  }
  Bytes& close_portal(std::string_view name) {
    wire::Writer out(bytes_);
    wire::encode_close(out, wire::Target::portal, name);
    return *this;
  }
  Bytes& execute() {
    wire::Writer out(bytes_);
    wire::encode_execute(out, "", 0);
    return *this;
  }
  Bytes& sync() { return message('S', ""); }
  Bytes& flush() { return message('H', ""); }
  Bytes& terminate() { return message('X', ""); }
  Bytes& message(char type, std::string_view body) {
    wire::Writer out(bytes_);
    out.begin(static_cast<wire::Frontend>(type));
    out.bytes(wire::as_bytes(body));
    out.end();
    return *this;
  }
  // A statement parsed, bound and executed.
  Bytes& run(std::string_view sql) { return parse("", sql).bind("").execute(); }
  Bytes& header(char type, std::uint32_t length) {
    bytes_ += type;
    for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(length >> shift);
    return *this;
  }

  const std::string& text() const { return bytes_; }

 private:
  std::string bytes_;
};

class Batch : public testing::Test {
 protected:
  // From an exact heap copy, so that AddressSanitizer sees any read past the end.
  BatchPlan plan(std::string_view bytes, std::size_t max = bytes_max) {
    copy_ = std::make_unique<char[]>(bytes.size());
    bytes.copy(copy_.get(), bytes.size());
    BatchPlan planned;
    plan_batch(planned, {copy_.get(), bytes.size()}, max, statements_, table_, {});
    return planned;
  }
  BatchPlan plan(const Bytes& bytes, std::size_t max = bytes_max) {
    return plan(std::string_view(bytes.text()), max);
  }

  void prepare(std::string_view name, std::string_view sql) {
    statements_.insert_or_assign(std::string(name),
                                 table_.intern(sql, std::string_view("\0\0", 2), {}));
  }

  StatementNames statements_;
  PreparedTable table_{0, 1 << 20};

 private:
  std::unique_ptr<char[]> copy_;
};

void expect_same(const BatchPlan& a, const BatchPlan& b) {
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.whole, b.whole);
  EXPECT_EQ(a.query, b.query);
  EXPECT_EQ(a.oversized, b.oversized);
  EXPECT_EQ(a.ends_with_sync, b.ends_with_sync);
  EXPECT_EQ(a.executes, b.executes);
  EXPECT_EQ(a.nothing_to_ask, b.nothing_to_ask);
  EXPECT_EQ(a.demand.need, b.demand.need);
  EXPECT_EQ(a.demand.unproven, b.demand.unproven);
  EXPECT_EQ(a.demand.hint.target, b.demand.hint.target);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.begins_transaction, b.begins_transaction);
  EXPECT_EQ(a.ends_transaction, b.ends_transaction);
  EXPECT_EQ(a.only_ends, b.only_ends);
  EXPECT_EQ(a.commits, b.commits);
}

TEST_F(Batch, NeedsMoreUntilItIsWholeAndIgnoresWhatFollows) {
  prepare("known", "SELECT 1");
  const Bytes batches[] = {
      Bytes().query("SELECT 1"),
      Bytes().query(""),
      Bytes().message('F', "\0\0\0\1\0\0\0\0\0\0"sv),
      Bytes().run("SELECT a FROM t").sync(),
      Bytes().bind("known").describe_portal("").execute().close_portal("").sync(),
      Bytes().parse("a", "SELECT 1").describe("a").flush(),
      Bytes().sync(),
      Bytes().close("known").sync(),
      Bytes().message('d', "left over").message('c', "").sync(),
      Bytes().run("BEGIN").run("UPDATE t SET a = 1").run("COMMIT").sync(),
  };
  for (const Bytes& batch : batches) {
    const std::string& whole = batch.text();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ASSERT_EQ(plan(whole.substr(0, size)).status, Status::need_more) << size;
    }
    const BatchPlan alone = plan(whole);
    ASSERT_EQ(alone.status, Status::ready);
    EXPECT_EQ(alone.bytes, whole.size());
    for (const Bytes& next : batches) {
      SCOPED_TRACE(next.text());
      expect_same(alone, plan(whole + next.text()));
    }
    expect_same(alone, plan(whole + "\xff\xff\xff\xff\xff garbage"));
  }
}

struct NeedCase {
  std::string_view name;
  Bytes batch;
  Need need;
};

TEST_F(Batch, TheStrictestStatementDecides) {
  prepare("read", "SELECT 1");
  prepare("write", "INSERT INTO t VALUES (1)");
  prepare("set", "SET search_path TO a");
  const NeedCase cases[] = {
      {"read", Bytes().query("SELECT 1"), Need::read},
      {"write", Bytes().query("DELETE FROM t"), Need::write},
      {"session", Bytes().query("SET a.b = 1"), Need::session},
      {"several in one text", Bytes().query("SELECT 1; DELETE FROM t"), Need::write},
      {"all read", Bytes().run("SELECT 1").run("SELECT 2").sync(), Need::read},
      {"one writes", Bytes().run("SELECT 1").run("DELETE FROM t").run("SELECT 2").sync(),
       Need::write},
      {"session over read", Bytes().run("SELECT 1").run("SET a.b = 1").sync(), Need::session},
      {"write over session", Bytes().run("SET a.b = 1").run("DELETE FROM t").sync(), Need::write},
      {"known by name", Bytes().bind("read").execute().sync(), Need::read},
      {"known to write", Bytes().bind("read").bind("write").execute().sync(), Need::write},
      {"known to set", Bytes().bind("set").execute().sync(), Need::session},
      {"not known", Bytes().bind("never prepared").execute().sync(), Need::write},
      {"not known, described", Bytes().describe("never prepared").sync(), Need::write},
      {"described", Bytes().describe("read").sync(), Need::read},
      {"the unnamed, not known", Bytes().bind("").execute().sync(), Need::write},
      {"prepared in this batch", Bytes().parse("x", "SELECT 1").bind("x").execute().sync(),
       Need::read},
      {"only prepared", Bytes().parse("x", "DELETE FROM t").sync(), Need::write},
      {"a portal from before", Bytes().execute().sync(), Need::session},
      {"nothing", Bytes().sync(), Need::session},
      {"a function call", Bytes().message('F', ""), Need::write},
  };
  for (const NeedCase& c : cases) {
    const BatchPlan p = plan(c.batch);
    EXPECT_EQ(p.status, Status::ready) << c.name;
    EXPECT_EQ(p.demand.need, c.need) << c.name;
    EXPECT_FALSE(p.oversized) << c.name;
  }
}

TEST_F(Batch, WithoutSyncItMayGoOnAndGoesToThePrimary) {
  prepare("read", "SELECT 1");
  const Bytes reads = Bytes().bind("read").execute();
  BatchPlan p = plan(Bytes(reads).flush());
  EXPECT_EQ(p.status, Status::ready);
  EXPECT_EQ(p.demand.need, Need::write);
  EXPECT_FALSE(p.whole);
  EXPECT_FALSE(p.ends_with_sync);
  p = plan(Bytes(reads).query("SELECT 1"));
  EXPECT_EQ(p.bytes, reads.text().size());
  EXPECT_EQ(p.demand.need, Need::write);
  EXPECT_FALSE(p.query);
  EXPECT_FALSE(p.whole);
  p = plan(Bytes(reads).terminate());
  EXPECT_EQ(p.status, Status::ready);
  EXPECT_EQ(p.bytes, reads.text().size());
  EXPECT_EQ(plan(Bytes(reads).sync()).demand.need, Need::read);
}

TEST_F(Batch, TheMostStatementsThatItFollowsByName) {
  Bytes eight;
  for (int i = 0; i < 8; ++i) eight.parse("s" + std::to_string(i), "SELECT " + std::to_string(i));
  for (int i = 0; i < 8; ++i) eight.bind("s" + std::to_string(i)).execute();
  EXPECT_EQ(plan(Bytes(eight).sync()).demand.need, Need::read);
  EXPECT_EQ(plan(Bytes(eight).parse("s9", "SELECT 9").sync()).demand.need, Need::write);
}

TEST_F(Batch, ANameMeansItsLatestStatement) {
  prepare("a", "SELECT 1");
  EXPECT_EQ(
      plan(Bytes().close("a").parse("a", "DELETE FROM t").bind("a").execute().sync()).demand.need,
      Need::write);
  prepare("", "DELETE FROM t");
  EXPECT_EQ(plan(Bytes().bind("").execute().sync()).demand.need, Need::write);
  EXPECT_EQ(plan(Bytes().run("SELECT 1").sync()).demand.need, Need::read);
}

TEST_F(Batch, FollowsTransactions) {
  BatchPlan p = plan(Bytes().run("COMMIT").sync());
  EXPECT_TRUE(p.only_ends && p.commits && p.ends_transaction);
  p = plan(Bytes().query("ROLLBACK"));
  EXPECT_TRUE(p.only_ends && p.ends_transaction);
  EXPECT_FALSE(p.commits);
  p = plan(Bytes().run("SELECT 1").run("COMMIT").sync());
  EXPECT_TRUE(p.ends_transaction);
  EXPECT_FALSE(p.only_ends);
  p = plan(Bytes().query("BEGIN"));
  EXPECT_TRUE(p.begins_transaction);
  EXPECT_FALSE(p.ends_transaction);
  p = plan(Bytes().run("BEGIN READ ONLY").sync());
  EXPECT_TRUE(p.begins_transaction);
  EXPECT_EQ(p.demand.need, Need::read);
  p = plan(Bytes().query("SELECT 1"));
  EXPECT_FALSE(p.begins_transaction || p.ends_transaction || p.only_ends || p.commits);
}

TEST_F(Batch, KnowsWhatRunsAndWhatWeCanAnswer) {
  BatchPlan p = plan(Bytes().query("SELECT 1"));
  EXPECT_TRUE(p.executes && p.query && p.whole);
  EXPECT_FALSE(p.nothing_to_ask);
  p = plan(Bytes().parse("a", "SELECT 1").describe("a").sync());
  EXPECT_FALSE(p.executes || p.nothing_to_ask);
  EXPECT_TRUE(p.whole);
  EXPECT_TRUE(plan(Bytes().sync()).nothing_to_ask);
  EXPECT_TRUE(plan(Bytes().flush()).nothing_to_ask);
  EXPECT_TRUE(plan(Bytes().close("a").close("").sync()).nothing_to_ask);
  EXPECT_FALSE(plan(Bytes().close_portal("a").sync()).nothing_to_ask);
}

TEST_F(Batch, TheFirstHintCounts) {
  prepare("read", "/* relevo: replica */ SELECT 1");
  EXPECT_EQ(plan(Bytes().bind("read").execute().sync()).demand.hint.target,
            route::HintTarget::replica);
  EXPECT_EQ(plan(Bytes().query("/* relevo: primary */ SELECT 1")).demand.hint.target,
            route::HintTarget::primary);
}

TEST_F(Batch, TheFirstHintIsKeptByStricterStatements) {
  const BatchPlan p = plan(Bytes().run("/* relevo: replica */ SELECT 1").run("SET a.b = 1").sync());
  EXPECT_EQ(p.demand.need, Need::session);
  EXPECT_EQ(p.demand.hint.target, route::HintTarget::replica);
}

// One proven write is enough not to believe a hint for replicas.
TEST_F(Batch, IsUnprovenOnlyIfAllOfItIs) {
  EXPECT_TRUE(plan(Bytes().run("SELECT f()").sync()).demand.unproven);
  EXPECT_TRUE(plan(Bytes().run("SELECT f()").run("SELECT g()").sync()).demand.unproven);
  EXPECT_TRUE(plan(Bytes().run("SELECT 1").run("SELECT g()").sync()).demand.unproven);
  EXPECT_FALSE(plan(Bytes().run("SELECT f()").run("DELETE FROM t").sync()).demand.unproven);
  EXPECT_FALSE(plan(Bytes().run("DELETE FROM t").run("SELECT f()").sync()).demand.unproven);
  EXPECT_FALSE(plan(Bytes().run("SELECT f()").bind("not known").execute().sync()).demand.unproven);
}

TEST_F(Batch, TerminateIsSeenOnlyAtTheFront) {
  EXPECT_EQ(plan(Bytes().terminate()).status, Status::terminate);
  EXPECT_EQ(plan(Bytes().terminate().query("SELECT 1")).status, Status::terminate);
  EXPECT_EQ(plan(Bytes().query("SELECT 1").terminate()).status, Status::ready);
}

// What does not fit is decided as soon as that is clear, and always for the primary.
TEST_F(Batch, OversizedMessagesGoToThePrimary) {
  prepare("read", "SELECT 1");
  const std::string large(bytes_max, 'x');
  const Bytes batches[] = {
      Bytes().query("SELECT '" + large + "'"),
      Bytes().parse("a", "SELECT '" + large + "'"),
      Bytes().bind("read", "", bytes_max),
      Bytes().bind(large),
      Bytes().bind("read").execute().bind("read", "", bytes_max),
      Bytes().message('d', large),
      Bytes().describe(large),
      Bytes().execute().message('E', large),
      Bytes().message('F', large),
  };
  for (const Bytes& batch : batches) {
    bool decided = false;
    for (std::size_t size = 0; size <= bytes_max; ++size) {
      const BatchPlan p = plan(std::string_view(batch.text()).substr(0, size));
      if (p.status == Status::need_more) {
        ASSERT_FALSE(decided) << size;
        continue;
      }
      decided = true;
      ASSERT_EQ(p.status, Status::ready);
      EXPECT_TRUE(p.oversized);
      EXPECT_FALSE(p.whole);
      EXPECT_FALSE(p.nothing_to_ask);
      EXPECT_EQ(p.demand.need, Need::write);
      EXPECT_LE(p.bytes, size);
    }
    EXPECT_TRUE(decided);
  }
  EXPECT_EQ(plan(std::string_view(batches[0].text()).substr(0, 5)).status, Status::ready);
}

TEST_F(Batch, ABatchOfManySmallMessagesIsCutAtTheLimit) {
  Bytes many;
  while (many.text().size() < 2 * bytes_max) many.close("a");
  const BatchPlan p = plan(std::string_view(many.text()).substr(0, bytes_max));
  EXPECT_EQ(p.status, Status::ready);
  EXPECT_TRUE(p.oversized);
  EXPECT_EQ(p.demand.need, Need::write);
  EXPECT_FALSE(p.nothing_to_ask);
  EXPECT_LE(p.bytes, bytes_max);
}

TEST_F(Batch, MalformedMessagesAreRefused) {
  const Bytes cases[] = {
      Bytes().header('Q', 3),
      Bytes().header('Q', 0x7fffffff),
      Bytes().header('S', 0x3fffffff),  // Sync has no body
      Bytes().message('S', "x"),
      Bytes().header('H', 100),
      Bytes().sync().message('H', "x"),
      Bytes().message('Q', "no terminator"),
      Bytes().message('Q', "two\0\0"sv),
      Bytes().message('P', "a\0SELECT 1\0"sv),
      Bytes().message('P', "a\0SELECT 1\0\0\1"sv),
      Bytes().message('B', "a"),
      Bytes().message('D', ""),
      Bytes().message('D', "X\0"sv),
      Bytes().message('C', "S"),
      Bytes().message('E', "\0"sv),
      Bytes().message('p', "password"),
      Bytes().message('R', ""),
      Bytes().message('\0', ""),
      Bytes().message('\xff', ""),
  };
  for (const Bytes& c : cases) {
    const bool behind = c.text()[0] == 'S' && c.text().size() > 6;
    if (behind && c.text()[4] == 4) continue;  // its first message is whole
    const BatchPlan p = plan(c);
    EXPECT_EQ(p.status, Status::malformed) << c.text();
    EXPECT_FALSE(p.error.empty());
  }
  const BatchPlan p = plan(Bytes().run("SELECT 1").message('p', "x").sync());
  EXPECT_EQ(p.status, Status::malformed);
}

// What a replica refused before goes straight to the primary, however it is said.
TEST_F(Batch, RemembersWhatWasRefused) {
  route::RefusedShapes refused;
  refused.add(route::shape_of_postgres("SELECT * FROM sneaky WHERE id = 1", {}), {});
  const auto need = [&](const Bytes& bytes) {
    BatchPlan planned;
    plan_batch(planned, bytes.text(), bytes_max, statements_, table_, {}, &refused);
    return planned.demand;
  };
  EXPECT_EQ(need(Bytes().query("select * from sneaky where id = 22")).need, Need::write);
  EXPECT_EQ(need(Bytes().query("/* relevo: replica */ SELECT * FROM sneaky WHERE id=3")).need,
            Need::write);
  EXPECT_EQ(need(Bytes().query("SELECT * FROM honest WHERE id = 1")).need, Need::read);
  EXPECT_EQ(need(Bytes().run("SELECT * FROM sneaky WHERE id = $1").sync()).need, Need::write);
  prepare("s", "SELECT * FROM sneaky WHERE id = $1");
  EXPECT_EQ(need(Bytes().bind("s").execute().sync()).need, Need::write);
  // A function of which nothing is known is tried where a hint says so; not after this.
  refused.add(route::shape_of_postgres("SELECT mine(1)", {}), {});
  EXPECT_FALSE(need(Bytes().query("SELECT mine(2)")).unproven);
  EXPECT_TRUE(need(Bytes().query("SELECT mine(a)")).unproven);
}

// The table forgets what it was told in the same batch: nothing may be left
// pointing there.
TEST_F(Batch, OutlivesTheTablesMemory) {
  PreparedTable small(0, 1);
  const std::string bytes = Bytes().run("DELETE FROM t").run("SELECT 1").sync().text();
  BatchPlan p;
  plan_batch(p, bytes, bytes_max, {}, small, {});
  EXPECT_EQ(p.demand.need, Need::write);
  EXPECT_EQ(std::string(p.reason), p.reason);
}

TEST_F(Batch, AnyBytesGiveAnAnswer) {
  prepare("read", "SELECT 1");
  const std::string seed = Bytes().run("SELECT 1").bind("read").execute().sync().text() +
                           Bytes().query("SELECT 1").text() + Bytes().flush().terminate().text();
  std::mt19937 random(4711);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes;
    if (i % 2 == 0) {
      bytes = seed.substr(random() % seed.size());
      for (auto changes = random() % 4; changes > 0; --changes) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
    } else {
      bytes.resize(random() % 48);
      for (char& c : bytes) c = static_cast<char>(random());
    }
    const std::size_t max = 16 + random() % 64;
    const BatchPlan p = plan(bytes, max);
    if (p.status == Status::need_more) {
      ASSERT_LT(bytes.size(), max);
    } else if (p.status == Status::malformed) {
      ASSERT_FALSE(p.error.empty());
    } else {
      ASSERT_LE(p.bytes, bytes.size());
      ASSERT_TRUE(!p.whole || p.bytes > 0);
      ASSERT_TRUE(!p.oversized || p.demand.need == Need::write);
    }
  }
}

}  // namespace
}  // namespace relevo::session::postgres
