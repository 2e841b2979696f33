// Runs a fuzzer's function once for each file given: what was found stays found, without libFuzzer.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

int main(int count, char** files) {
  if (count < 2) {
    std::cerr << "no seeds given\n";
    return 1;
  }
  for (int i = 1; i < count; ++i) {
    std::ifstream in(files[i], std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) {
      std::cerr << "cannot read " << files[i] << "\n";
      return 1;
    }
    const std::string bytes = text.str();
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::cout << count - 1 << " seeds\n";
}
