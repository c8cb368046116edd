// Who may act on a cluster. With several Relevos only the lease holder decides;
// the others follow its Views.
//
// Calls come from the control thread and never block; answers come as callbacks
// on that thread. `on_lost` may come at any time after a grant: whoever gets it
// must start nothing more under the lease.
#pragma once

#include <functional>
#include <string>

#include "topology/model/result.hpp"

namespace relevo::lease {

class LeaseStore {
 public:
  using Granted = std::function<void(Result<void>)>;
  using Lost = std::function<void(std::string why)>;

  virtual ~LeaseStore() = default;

  // Answers once per call: held from now on, or why not. Idempotent while held.
  virtual void acquire(Granted granted) = 0;
  virtual void on_lost(Lost lost) = 0;
  virtual void release() = 0;
};

}  // namespace relevo::lease
