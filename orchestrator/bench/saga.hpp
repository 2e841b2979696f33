// The saga that is measured: three steps, reserve, charge, dispense, each with its participant.
#pragma once
#include "skald/model.hpp"

namespace skald::bench {
const definition& measured_saga();
// The same, for sagas that are to stay open: nobody answers, and no timer is due for long.
const definition& waiting_saga();
}  // namespace skald::bench
