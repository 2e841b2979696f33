// The HTTP API of `skald serve`, from the settings.
#pragma once
#include <memory>

#include "orchestrator/api/face.hpp"
#include "orchestrator/cli/command.hpp"
#include "orchestrator/service.hpp"

namespace skald::cli {
// Started; null: http.listen is empty. Must be stopped before the service. A `failure` says what is
// wrong with the settings.
std::unique_ptr<api::face> start_face(const context&, const settings&, service&);
}  // namespace skald::cli
