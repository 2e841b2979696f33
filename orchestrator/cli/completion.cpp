// skald completion bash|zsh|fish: made from the very tree of commands that is parsed.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/cli/command.hpp"

namespace skald::cli {
namespace {
struct node {
  std::string path;  // "saga list"; the root: ""
  const CLI::App* app;
};

std::vector<const CLI::App*> below(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); });
}

std::vector<node> nodes_of(const CLI::App& root) {
  std::vector<node> all{{"", &root}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto at = all[i];
    for (const auto* sub : below(*at.app))
      all.push_back({at.path.empty() ? sub->get_name() : at.path + " " + sub->get_name(), sub});
  }
  return all;
}

// A command's own options and those of the groups around it.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> all;
  for (const auto* a = &app; a; a = a->get_parent())
    for (const auto* o : a->get_options())
      if (!o->get_lnames().empty()) all.push_back(o);
  return all;
}

// The words of a closed set: CLI11 shows them in the type's name as "TEXT:{a,b}".
std::string words_of(const CLI::Option& o) {
  const auto type = o.get_type_name();
  const auto from = type.find('{'), to = type.find('}');
  if (from == std::string::npos || to == std::string::npos) return {};
  auto words = type.substr(from + 1, to - from - 1);
  for (auto& c : words)
    if (c == ',') c = ' ';
  return words;
}

// Words that stand for themselves: those of commands, of options, and of closed positionals.
std::string next_words(const CLI::App& app) {
  std::string all;
  for (const auto* sub : below(app)) all += sub->get_name() + " ";
  for (const auto* o : app.get_options())
    if (o->get_lnames().empty() && !words_of(*o).empty()) all += words_of(*o) + " ";
  for (const auto* o : options_of(app)) all += "--" + o->get_lnames().front() + " ";
  return all;
}

std::string bash(const CLI::App& root) {
  std::string paths, words, values;
  for (const auto& n : nodes_of(root)) {
    if (!n.path.empty()) paths += (paths.empty() ? "\"" : "|\"") + n.path + "\"";
    words += "    \"" + n.path + "\") words=\"" + next_words(*n.app) + "\" ;;\n";
    for (const auto* o : options_of(*n.app))
      if (const auto set = words_of(*o); !set.empty())
        values +=
            "    \"" + n.path + " --" + o->get_lnames().front() + "\") words=\"" + set + "\" ;;\n";
  }
  return "_skald() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local path=\"\" words=\"\" i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"${path:+$path }${COMP_WORDS[i]}\" in\n"
         "    " +
         paths +
         ")\n"
         "      path=\"${path:+$path }${COMP_WORDS[i]}\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$path\" in\n" +
         words +
         "  esac\n"
         "  case \"$path $prev\" in\n" +
         values +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o default -F _skald skald\n";
}

std::string zsh(const CLI::App& root) {
  return "#compdef skald\nautoload -U +X bashcompinit && bashcompinit\n" + bash(root);
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) (out += c == '\'' || c == '\\' ? "\\" : "") += c;
  return out + "'";
}

std::string fish(const CLI::App& root) {
  std::string paths, lines;
  for (const auto& n : nodes_of(root)) {
    if (!n.path.empty()) paths += " " + quoted(n.path);
    const auto here = "complete -c skald -n 'test \"$(__skald_path)\" = \"" + n.path + "\"' ";
    for (const auto* sub : below(*n.app))
      lines += here + "-f -a " + sub->get_name() + " -d " + quoted(sub->get_description()) + "\n";
    for (const auto* o : n.app->get_options()) {
      if (o->get_lnames().empty()) continue;
      const auto set = words_of(*o);
      lines += here + "-l " + o->get_lnames().front() +
               (set.empty() ? std::string() : " -x -a " + quoted(set)) + " -d " +
               quoted(o->get_description()) + "\n";
    }
  }
  return "function __skald_path\n"
         "  set -l path\n"
         "  for word in (commandline -opc)[2..-1]\n"
         "    if contains -- (string join ' ' $path $word)" +
         paths +
         "\n"
         "      set path $path $word\n"
         "    end\n"
         "  end\n"
         "  string join ' ' $path\n"
         "end\n" +
         lines;
}
}  // namespace

void add_completion(const commands& c) {
  const auto shell = std::make_shared<std::string>();
  auto* const sub =
      c.add("completion", "Print a shell's completion: source <(skald completion bash)",
            [shell, root = &c.app](context& x) {
              x.output.text("completion", *shell == "bash"  ? bash(*root)
                                          : *shell == "zsh" ? zsh(*root)
                                                            : fish(*root));
              return done;
            });
  sub->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}
}  // namespace skald::cli
