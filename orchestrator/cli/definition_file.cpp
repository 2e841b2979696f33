#include "orchestrator/cli/definition_file.hpp"

#include <fstream>
#include <iostream>

#include "orchestrator/cli/command.hpp"

namespace skald::cli {
namespace {
std::string read_bounded(std::istream& in) {
  std::string text(max_definition_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}
}  // namespace

loading load_definition_file(const std::string& path) {
  std::string text;
  if (path == "-") {
    text = read_bounded(std::cin);
  } else {
    std::ifstream file(path, std::ios::binary);
    if (file) text = read_bounded(file);
    if (!file && !file.eof())
      throw failure(usage, "the definition " + path + " cannot be read; give a JSON file, or -");
  }
  return read_definition(text);
}

stored_definition sound_one(const loading& loaded, const std::string& path) {
  if (loaded.definition) return *loaded.definition;
  std::string sentences = path + " is not a definition that can run:";
  for (const auto& c : loaded.complaints)
    sentences += "\n  " + (c.at.empty() ? std::string("the whole text") : c.at) + ": " + c.sentence;
  throw failure(usage, sentences);
}

stored_definition read_definition_file(const std::string& path) {
  return sound_one(load_definition_file(path), path);
}
}  // namespace skald::cli
