#include "agents/cli/completion.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace derwent::cli {
namespace {

// One command: its path below the program (`ledger verify`, empty for the program), and what may follow.
struct Node {
  std::string path;
  std::vector<const CLI::App*> commands;
  std::vector<std::string> options;
};

void Collect(const CLI::App& app, const std::string& path, std::vector<Node>& nodes) {
  Node node{.path = path, .commands = app.get_subcommands([](const CLI::App*) { return true; }), .options = {}};
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) node.options.push_back("--" + name);
    }
  }
  nodes.push_back(node);
  for (const CLI::App* command : node.commands)
    Collect(*command, path.empty() ? command->get_name() : absl::StrCat(path, " ", command->get_name()), nodes);
}

std::string Candidates(const Node& node) {
  std::vector<std::string> words;
  for (const CLI::App* command : node.commands) words.push_back(command->get_name());
  words.insert(words.end(), node.options.begin(), node.options.end());
  return absl::StrJoin(words, " ");
}

// Both bash and zsh walk the words to the longest known path; then the candidates are those of that path.
void WriteCases(const std::vector<Node>& nodes, std::ostream& out) {
  out << "  for word in \"${words[@]}\"; do\n    case \"$at $word\" in\n";
  for (const Node& node : nodes) {
    if (!node.path.empty()) out << "      ' " << node.path << "'|'" << node.path << "') at='" << node.path << "' ;;\n";
  }
  out << "    esac\n  done\n  case \"$at\" in\n";
  for (const Node& node : nodes) out << "    '" << node.path << "') list='" << Candidates(node) << "' ;;\n";
  out << "  esac\n";
}

void WriteBash(const std::vector<Node>& nodes, std::ostream& out) {
  out << "_derwent() {\n  local at='' word list='' words=(\"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n";
  WriteCases(nodes, out);
  out << "  COMPREPLY=($(compgen -W \"$list\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _derwent "
         "derwent\n";
}

void WriteZsh(const std::vector<Node>& nodes, std::ostream& out) {
  out << "#compdef derwent\n_derwent() {\n  local at='' word list=''\n  local -a "
         "before=(\"${(@)words[2,CURRENT-1]}\")\n  () {\n  local -a words=(\"$@\")\n";
  WriteCases(nodes, out);
  out << "  } \"${before[@]}\"\n  compadd -- ${=list}\n  _files\n}\ncompdef _derwent derwent\n";
}

void WriteFish(const std::vector<Node>& nodes, std::ostream& out) {
  const auto quoted = [](absl::string_view text) { return absl::StrReplaceAll(text, {{"'", "\\'"}}); };
  for (const Node& node : nodes) {
    std::vector<std::string> names;
    for (const CLI::App* command : node.commands) names.push_back(command->get_name());
    std::string condition =
        node.path.empty() ? "__fish_use_subcommand"
                          : absl::StrCat("__fish_seen_subcommand_from ",
                                         absl::StrReplaceAll(node.path, {{" ", "; and __fish_seen_subcommand_from "}}));
    if (!node.path.empty() && !names.empty())
      absl::StrAppend(&condition, "; and not __fish_seen_subcommand_from ", absl::StrJoin(names, " "));
    for (const CLI::App* command : node.commands) {
      out << "complete -c derwent -n '" << condition << "' -a " << command->get_name() << " -d '"
          << quoted(command->get_description()) << "'\n";
    }
    for (const std::string& option : node.options)
      out << "complete -c derwent -n '" << condition << "' -l " << option.substr(2) << "\n";
  }
}

}  // namespace

absl::Status WriteCompletion(const CLI::App& app, absl::string_view shell, std::ostream& out) {
  std::vector<Node> nodes;
  Collect(app, "", nodes);
  if (shell == "bash")
    WriteBash(nodes, out);
  else if (shell == "zsh")
    WriteZsh(nodes, out);
  else if (shell == "fish")
    WriteFish(nodes, out);
  else
    return absl::InvalidArgumentError(absl::StrCat("no completion for `", shell, "`: bash, zsh or fish"));
  return absl::OkStatus();
}

}  // namespace derwent::cli
