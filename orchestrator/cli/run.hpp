// The program `skald` as a function: reads the command line, runs one command, returns its code.
#pragma once

namespace skald::cli {
int run(int argc, const char* const* argv);
}
