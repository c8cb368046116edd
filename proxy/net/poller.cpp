#include "proxy/net/poller.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "topology/model/check.hpp"

namespace relevo::net {

Poller::Poller()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  RELEVO_CHECK(epoll_ >= 0 && wake_ >= 0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  RELEVO_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0);
}

Poller::~Poller() {
  ::close(wake_);
  ::close(epoll_);
}

bool Poller::add(int fd, PollHandler& handler) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &handler;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::remove(int fd, PollHandler& handler) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  for (int i = next_; i < fetched_; ++i) {
    epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &handler) event.data.ptr = nullptr;
  }
  if (called_ == &handler) called_ = nullptr;
  std::erase(later_, &handler);
  std::replace(now_.begin(), now_.end(), &handler, static_cast<PollHandler*>(nullptr));
}

void Poller::later(PollHandler& handler) {
  if (std::find(later_.begin(), later_.end(), &handler) == later_.end()) {
    later_.push_back(&handler);
  }
}

void Poller::call(PollHandler& handler, std::uint32_t events) {
  called_ = &handler;
  handler.on_poll(events);
  called_ = nullptr;
}

void Poller::turn(std::chrono::milliseconds wait_max) {
  const int wait = later_.empty() ? static_cast<int>(wait_max.count()) : 0;
  fetched_ = std::max(0, ::epoll_wait(epoll_, events_.data(), events_max, wait));
  for (next_ = 0; next_ < fetched_;) {
    const epoll_event event = events_[static_cast<std::size_t>(next_++)];
    if (auto* handler = static_cast<PollHandler*>(event.data.ptr)) {
      call(*handler, event.events);
    } else {
      std::uint64_t ignored;
      while (::read(wake_, &ignored, sizeof ignored) > 0) {
      }
    }
  }
  fetched_ = next_ = 0;
  now_.swap(later_);
  for (std::size_t i = 0; i < now_.size(); ++i) {
    if (now_[i] != nullptr) call(*now_[i], 0);
  }
  now_.clear();
}

void Poller::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

}  // namespace relevo::net
