// Contradictions between settings, each of which is in order by itself: two clusters
// on one address, TLS without a certificate, more acknowledgements than replicas.
#pragma once

#include "proxy/config/config.hpp"
#include "proxy/config/place.hpp"

namespace relevo::config {

// Appends to the reading's problems. A rule is silent when something that it is
// about has a problem already: it would only report the first mistake's shadow.
void check(const Config& config, Reading& reading);

}  // namespace relevo::config
