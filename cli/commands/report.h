// An appraisal for people and for machines.
#ifndef HOLDFAST_CLI_COMMANDS_REPORT_H
#define HOLDFAST_CLI_COMMANDS_REPORT_H

#include <string>

#include "core/encode/json.h"
#include "holdfast/verifier.h"

namespace holdfast::cli {

struct Look {
    bool utf8;
    bool colour;
};

// One line a rule: mark, id, what was compared; what was launched; then the verdict.
std::string report_text(const attest::Appraisal& appraisal, Look look);

// {"claims", "launches": [{"agent", "ended", "instance", "manifest", "time", "version"}],
// "rules": [{"detail", "id", "outcome", "required"}], "subject", "verdict"}.
encode::Json report_json(const attest::Appraisal& appraisal);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_REPORT_H
