// From the ways in which an operation fails to the outcomes that the detector knows.
#pragma once

#include "topology/client/connection.hpp"
#include "topology/model/observation.hpp"

namespace relevo::probe {

model::ProbeOutcome outcome_of(const client::Failure& failure);

}  // namespace relevo::probe
