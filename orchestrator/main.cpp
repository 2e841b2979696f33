#include "orchestrator/cli/run.hpp"

int main(int argc, char** argv) {
  return skald::cli::run(argc, argv);
}
