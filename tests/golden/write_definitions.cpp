// Writes the JSON of every reference saga into a folder. A changed golden file is a changed wire
// format or a renamed struct: look at the difference before committing it.
#include <fstream>
#include <iostream>
#include <string>

#include "skald/json.hpp"
#include "tests/reference/all.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: write_definitions FOLDER\n";
    return 2;
  }
  for (const auto* d : skald::reference::all) {
    const std::string file = std::string(arguments[1]) + "/" + std::string(d->name) + ".json";
    if (!(std::ofstream(file) << skald::to_readable_json(*d))) {
      std::cerr << "cannot write " << file << "\n";
      return 1;
    }
  }
}
