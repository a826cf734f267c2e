#include "api/printable.h"

namespace holdfast::api {

std::string printable(std::string_view text) {
    std::string clean(text.substr(0, max_printable));
    for (char& c : clean)
        if (c < 0x20 || c > 0x7e) c = '?';
    return clean;
}

}  // namespace holdfast::api
