#include "proxy/admin/event_feed.hpp"

#include <gmock/gmock.h>

#include "tests/unit/admin/fake_backend.hpp"

namespace relevo::admin {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(EventFeed, TellsEachEventOnce) {
  FakeBackend backend;
  backend.add_event("one");
  backend.add_event("two");
  EventFeed feed(backend, 1, 1h);
  EXPECT_THAT(feed.next(0ms), AllOf(HasSubstr("\"two\""), Not(HasSubstr("\"one\""))));
  EXPECT_EQ(feed.next(0ms), "");
  backend.add_event("three");
  backend.add_event("four");
  const std::string lines = feed.next(0ms);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_LT(lines.find("three"), lines.find("four"));
}

TEST(EventFeed, BeatsInQuietTimesOnly) {
  FakeBackend backend;
  EventFeed feed(backend, 0, 3ms);
  EXPECT_EQ(feed.next(2ms), "");
  EXPECT_EQ(feed.next(2ms), "\n");
  EXPECT_EQ(feed.next(2ms), "");
  backend.add_event("one");
  EXPECT_THAT(feed.next(2ms), HasSubstr("\"one\""));
  EXPECT_EQ(feed.next(2ms), "");
}

}  // namespace
}  // namespace relevo::admin
