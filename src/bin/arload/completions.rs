//! Completion scripts that know profiles, runs and codes.
//!
//! `clap_complete` writes what the command line alone says; what changes from day to day is asked of `arload
//! complete-words` when a key is pressed. (Its own dynamic completions are not released as stable yet.) The rule: which
//! commands take a run or a code is read off the command line, not listed here.

use clap::Command;
use clap_complete::Shell;

/// The script of a shell.
pub(crate) fn script(shell: Shell, command: &mut Command) -> std::io::Result<Vec<u8>> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "arload", &mut script);
    let verbs = verbs_of_runs(command);
    let text = String::from_utf8(script).map_err(std::io::Error::other)?;
    let text = match shell {
        Shell::Bash => format!("{text}\n{}", bash(&verbs)),
        Shell::Zsh => zsh(&text),
        Shell::Fish => fish(&text, &verbs),
        _ => text,
    };
    Ok(text.into_bytes())
}

/// The verbs of `runs` that take the number of a run.
fn verbs_of_runs(command: &Command) -> Vec<String> {
    let runs = command.find_subcommand("runs").into_iter().flat_map(Command::get_subcommands);
    let takes_run = |verb: &&Command| verb.get_positionals().any(|argument| argument.get_id() == "run");
    runs.filter(takes_run).map(|verb| verb.get_name().to_owned()).collect()
}

fn bash(verbs: &[String]) -> String {
    BASH.replace("VERBS", &verbs.join("|"))
}

const BASH: &str = r#"# Profiles, runs and codes are asked for when they are wanted.
_arload_words() {
    local -a flags=()
    local index
    for ((index = 1; index < COMP_CWORD; index++)); do
        case ${COMP_WORDS[index]} in
            --sandbox) flags+=(--sandbox) ;;
            --config | --state | --profile)
                local value=${COMP_WORDS[index + 1]}
                [[ $value == = ]] && value=${COMP_WORDS[index + 2]}
                [[ ${COMP_WORDS[index]} == --profile && $1 == profiles ]] || flags+=("${COMP_WORDS[index]}" "${value/#\~/$HOME}")
                ;;
        esac
    done
    "${COMP_WORDS[0]/#\~/$HOME}" complete-words "$1" "${flags[@]}" 2>/dev/null | cut -f 1
}

_arload_with_words() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    if [[ $current == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 1]} current=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    local what=
    if [[ $before == --profile ]]; then
        what=profiles
    elif [[ $current != -* ]]; then
        case "${COMP_WORDS[1]} ${COMP_WORDS[2]} $before" in
            explain\ *) what=codes ;;
        esac
        if [[ ${COMP_WORDS[1]} == runs && ${COMP_WORDS[2]} =~ ^(VERBS)$ && $COMP_CWORD -ge 3 ]]; then
            case $before in
                "${COMP_WORDS[2]}" | --sandbox | --json | --quiet | --yes | --wait) what=runs ;;
            esac
        fi
    fi
    if [[ -n $what ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_arload_words "$what")" -- "$current")
        return 0
    fi
    _arload "$@"
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _arload_with_words -o nosort -o bashdefault -o default arload
else
    complete -F _arload_with_words -o bashdefault -o default arload
fi
"#;

/// The words of a flag or argument are those of a function instead of files.
fn zsh(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let offers = if line.starts_with("'--profile=[") {
            Some("_arload_profiles")
        } else if line.starts_with("':run -- ") || line.starts_with("'::run -- ") {
            Some("_arload_runs")
        } else if line.starts_with("'*::codes -- ") {
            Some("_arload_codes")
        } else {
            None
        };
        lines.push(match offers {
            Some(function) => line.replace(":_default' \\", &format!(":{function}' \\")),
            None => line.to_owned(),
        });
    }
    let end = lines.iter().rposition(|line| line.starts_with("if [ ")).unwrap_or(lines.len());
    lines.splice(end..end, ZSH.lines().map(str::to_owned));
    lines.join("\n") + "\n"
}

const ZSH: &str = r#"# Profiles, runs and codes are asked for when they are wanted.
_arload_words() {
    local what=$1 index
    local -a flags found
    for ((index = 2; index < $#words; index++)); do
        case ${words[index]} in
            --sandbox) flags+=(--sandbox) ;;
            --config | --state) flags+=(${words[index]} ${(Q)${words[index + 1]/#\~/$HOME}}) ;;
        esac
    done
    found=(${(f)"$(arload complete-words $what $flags 2>/dev/null)"})
    found=(${found//$'\t'/:})
    _describe $what found
}
_arload_profiles() { _arload_words profiles }
_arload_runs() { _arload_words runs }
_arload_codes() { _arload_words codes }
"#;

fn fish(text: &str, verbs: &[String]) -> String {
    let mut script = String::with_capacity(text.len() + 4096);
    for line in text.lines() {
        script.push_str(line);
        if line.contains(" -l profile ") {
            script.push_str(" -f -a \"(arload complete-words profiles 2>/dev/null)\"");
        }
        script.push('\n');
    }
    let verbs = verbs.join(" ");
    script.push_str("function __arload_runs\n    set -l flags\n");
    script.push_str("    contains -- --sandbox (commandline -opc); and set flags --sandbox\n");
    script.push_str("    arload complete-words runs $flags 2>/dev/null\nend\n");
    script.push_str("complete -c arload -n \"__fish_seen_subcommand_from runs; and __fish_seen_subcommand_from ");
    script.push_str(&verbs);
    script.push_str("\" -f -a \"(__arload_runs)\"\n");
    script.push_str("complete -c arload -n \"__fish_seen_subcommand_from explain\" -f ");
    script.push_str("-a \"(arload complete-words codes 2>/dev/null)\"\n");
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::command;

    fn text(shell: Shell) -> String {
        String::from_utf8(script(shell, &mut command()).unwrap()).unwrap()
    }

    #[test]
    fn the_verbs_that_take_a_run_are_those_of_the_command_line() {
        let verbs = verbs_of_runs(&command());
        for verb in ["show", "send", "reconcile", "results", "evidence", "verify"] {
            assert!(verbs.iter().any(|known| known == verb), "{verb}");
        }
        assert!(!verbs.iter().any(|known| known == "list"));
    }

    const WORDS: &str = "complete-words";

    #[test]
    fn the_scripts_of_three_shells_ask_for_profiles_runs_and_codes() {
        let command = command();
        assert!(command.find_subcommand(WORDS).is_some_and(Command::is_hide_set));
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = text(shell);
            assert!(script.contains(WORDS), "{shell}");
        }
        let zsh = text(Shell::Zsh);
        assert!(zsh.contains(":NAME:_arload_profiles' \\"), "profiles");
        assert!(zsh.contains(":_arload_runs' \\"), "runs");
        assert!(zsh.contains(":_arload_codes' \\"), "codes");
        assert!(zsh.rfind("_arload_codes() {").unwrap() < zsh.rfind("compdef _arload arload").unwrap());
    }
}
