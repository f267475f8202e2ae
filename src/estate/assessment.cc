#include "estate/assessment.h"

namespace bascule::estate {

std::string_view name(Move move) {
  switch (move) {
    case Move::unchanged: return "unchanged";
    case Move::managed: return "managed equivalent";
    case Move::planned: return "planned";
    case Move::rebuild: return "rebuild";
    case Move::none: return "none";
    case Move::not_ours: return "not ours";
    case Move::unknown: return "unknown";
  }
  return "unknown";
}

Words words(Move move) {
  switch (move) {
    case Move::unchanged: return {"unchanged, through Bascule", "inchangé, par Bascule"};
    case Move::managed: return {"managed equivalent", "équivalent géré"};
    case Move::planned: return {"planned in Bascule", "prévu dans Bascule"};
    case Move::rebuild: return {"to rebuild", "à reconstruire"};
    case Move::none: return {"nothing to move", "rien à déplacer"};
    case Move::not_ours: return {"not ours", "hors de notre champ"};
    case Move::unknown: return {"unknown", "inconnu"};
  }
  return {"unknown", "inconnu"};
}

std::string_view name(Form form) {
  switch (form) {
    case Form::resource_graph_json: return "Resource Graph (JSON)";
    case Form::resource_graph_csv: return "Resource Graph (CSV)";
    case Form::arm_template: return "ARM template";
    case Form::terraform_show: return "terraform show";
    case Form::terraform_state: return "Terraform state";
    case Form::storage_log_json: return "storage log (JSON)";
    case Form::storage_log_csv: return "storage log (CSV)";
    case Form::cost_csv: return "cost export (CSV)";
    case Form::metrics_json: return "metrics (JSON)";
    case Form::unrecognised: return "not recognised";
  }
  return "not recognised";
}

}  // namespace bascule::estate
