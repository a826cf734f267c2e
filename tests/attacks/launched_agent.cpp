// launched-agent: an agent that does what its story tells it, a line a step in the pipe
// $HOLDFAST_DATA/steps, and prints one outcome for each. With arguments it does that one step and
// ends: so its story can also run it as a tool, or as somebody else.
//   launched-agent [STEP WORD…]
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/descriptor.h"
#include "tests/attacks/line.h"
#include "tests/attacks/steps.h"

namespace holdfast::attacks {
namespace {

struct Step {
    std::string_view name;
    void (*run)(const Words& words);
};

constexpr std::array all = {
    Step{"ask", ask_on_own_line},
    Step{"ask-anew", ask_anew},
    Step{"child", in_child},
    Step{"tool", in_tool},
    Step{"tool-from-memory", in_tool_from_memory},
    Step{"exec", exec_tool},
    Step{"exec-in-thread", exec_tool_in_thread},
    Step{"run-file", run_file},
    Step{"give-to-child", give_to_child},
    Step{"give-to-stranger", give_to_stranger},
    Step{"take-from-stranger", take_from_stranger},
    Step{"be-given", be_given},
    Step{"give-own", give_own},
    Step{"map", map_file},
    Step{"map-anonymous", map_anonymous},
    Step{"open", open_file},
    Step{"look-into", look_into},
    Step{"forge-link", forge_link},
    Step{"user-namespace", user_namespace},
    Step{"variables", variables},
};

// For each line a line, or its story would wait for ever.
void carry_out(const Words& words) {
    try {
        perform(words);
    } catch (const std::exception& problem) {
        std::cout << "error: " << problem.what() << '\n' << std::flush;
    }
}

std::string next_line(int pipe) {
    std::string line;
    char letter = 0;
    for (;;) {
        const auto got = ::read(pipe, &letter, 1);
        if (got < 0 && errno == EINTR) continue;
        require(got == 1, "steps");
        if (letter == '\n') return line;
        line += letter;
    }
}

[[noreturn]] void be_told() {
    const char* const folder = std::getenv("HOLDFAST_DATA");
    if (folder == nullptr) throw std::runtime_error("no HOLDFAST_DATA");
    const std::string path = std::string(folder) + "/steps";
    (void)::unlink(path.c_str());
    require(::mkfifo(path.c_str(), 0600) == 0, "mkfifo");
    // To be written as well: then it never ends.
    const Descriptor pipe(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    require(static_cast<bool>(pipe), "open");
    ready();
    for (;;) {
        std::istringstream words(next_line(pipe.get()));
        Words step;
        for (std::string word; words >> word;)
            step.push_back(word);
        carry_out(step);
    }
}

}  // namespace

void perform(const Words& words) {
    for (const auto& step : all)
        if (!words.empty() && step.name == words.front())
            return step.run(Words(words.begin() + 1, words.end()));
    throw std::runtime_error("unknown step");
}

}  // namespace holdfast::attacks

int main(int argc, char** argv) {
    using namespace holdfast::attacks;  // NOLINT(google-build-using-namespace): a main
    try {
        if (argc == 1) be_told();
        perform(Words(argv + 1, argv + argc));
        return 0;
    } catch (const std::exception& problem) {
        std::cerr << "launched-agent: " << problem.what() << '\n' << std::flush;
        return 2;
    }
}
