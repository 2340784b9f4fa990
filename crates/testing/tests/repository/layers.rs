//! Layers of modules: each crate is read from top to bottom, and no module imports one that stands below it.
//!
//! [`LAYERS`] has the order; that of the client is drawn in ARCHITECTURE.md as well. [`FOLDERS`] has the order of the files
//! in the folders with most of them, and [`DEPENDENCIES`] that of the packages. Imports are read from the
//! sources as text: `use` declarations and paths that begin with `crate`, `super` or `self`, followed through
//! re-exports to the module that defines the item. A call of a method is no import: [`SHARED_TYPES`] have methods in several
//! modules, whose calls are followed by name. The order of layers and folders, and circles of modules and files, are checked in
//! tests below the code too.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The modules of each crate, each below those that it may import.
const LAYERS: [(&str, &[&str]); 12] = [
    (
        "proto",
        &[
            "limits",
            "code",
            "escape",
            "redact",
            "secret",
            "charset",
            "address",
            "time",
            "server",
            "reply",
            "encoding",
            "entry",
            "wire_text",
            "name",
            "path",
            "listing",
            "decode",
            "features",
            "stou",
            "path_style",
            "command",
            "hash",
            "directory_reply",
            "dialog",
            "serial",
        ],
    ),
    (
        "client",
        &[
            "trace",
            "future",
            "url",
            "netrc",
            "selection",
            "error",
            "progress",
            "deadline",
            "backoff",
            "capabilities",
            "local_fs",
            "connect",
            "tls",
            "stream",
            "config",
            "control",
            "data",
            "client",
            "list",
            "pool",
            "lock",
            "transfer",
            "mirror",
            "blocking",
            "serial",
        ],
    ),
    ("serve", &["error", "certificates", "options", "login", "folder", "passive", "tls", "front", "server"]),
    (
        "object-store",
        &[
            "names",
            "meta",
            "failure",
            "cache",
            "core",
            "builder",
            "create",
            "list",
            "read",
            "write",
            "multipart",
            "copy",
            "implement",
            "v0_13",
            "v0_14",
        ],
    ),
    (
        "cli",
        &[
            "argv",
            "clock",
            "units",
            "state_directory",
            "failure",
            "log",
            "interrupt",
            "args",
            "output",
            "terminal",
            "settings",
            "progress",
            "records",
            "app",
            "session",
            "commands",
            "usage_error",
            "shell",
        ],
    ),
    (
        "python",
        &[
            "completion",
            "runtime",
            "bridge",
            "error",
            "parse",
            "proxy",
            "tls",
            "connection",
            "listener",
            "direct_fs",
            "pool",
            "session",
        ],
    ),
    (
        "testing",
        &[
            "tls_terminator",
            "faulty",
            "fragile",
            "memory",
            "proxies",
            "scripted",
            "servers",
            "tree_server",
            "tree",
            "profiles",
        ],
    ),
    ("bench", &["measure", "files", "scenario", "link", "baseline", "clients", "table", "plot"]),
    ("fuzz", &["url", "netrc", "protocol", "listing", "session"]),
    ("integrations/datafusion", &["options", "registry", "tables", "context", "program"]),
    (
        "integrations/ballista",
        &["address", "error", "machine", "wildcards", "readiness", "scheduler", "executor", "client"],
    ),
    (
        "integrations/opendal",
        &[
            "names", "failure", "config", "core", "list", "read", "upload", "moves", "write", "delete",
            "service", "builder", "uri",
        ],
    ),
];

/// The files of folders, each below those that it may import. The `mod.rs` is left out: it holds the type of which the
/// others are parts, or only names them.
const FOLDERS: [(&str, &str, &[&str]); 4] = [
    (
        "client",
        "client",
        &[
            "transfer_command",
            "file_queries",
            "dot_names",
            "exchange",
            "reconnecting",
            "self_description",
            "compression",
            "navigation",
            "state",
            "login_options",
            "encryption",
            "ccc",
            "session",
            "open_session",
            "path_command",
            "metadata",
            "directories",
            "attributes",
            "connection_modes",
            "data_transfer",
            "streams",
            "data_command",
            "contents",
            "hash",
            "stou",
            "fxp",
            "raw",
        ],
    ),
    (
        "client",
        "transfer",
        &[
            "block_io",
            "ascii",
            "local_path",
            "partial_name",
            "rename",
            "backup",
            "source_removal",
            "preserve",
            "symlink",
            "options",
            "copy",
            "verify",
            "stored_name",
            "server_to_server",
            "resume",
            "file_progress",
            "name_collisions",
            "final_name",
            "scheduler",
            "server_copy",
            "download",
            "upload",
            "fxp",
            "remove",
        ],
    ),
    (
        "client",
        "mirror",
        &[
            "relative_path",
            "node",
            "node_table",
            "node_selection",
            "step",
            "notices",
            "server_clock",
            "listing",
            "endpoint",
            "backups",
            "timestamps",
            "filter",
            "compare",
            "same_name",
            "name_notes",
            "plan",
            "extraneous",
            "directory_pair",
            "unconfirmed",
            "delete",
            "options",
            "file_job",
            "symlink",
            "transfer",
            "direction",
            "sources",
            "run",
            "finalize",
        ],
    ),
    (
        "cli",
        "commands",
        &[
            "support",
            "bookmark",
            "cat",
            "chmod",
            "completions",
            "config",
            "demo",
            "du",
            "find",
            "fxp",
            "get",
            "head",
            "ls",
            "man",
            "mirror",
            "check",
            "cp",
            "mkdir",
            "mv",
            "parse_listing",
            "probe",
            "put",
            "raw",
            "rcat",
            "rm",
            "rmdir",
            "serve",
            "stat",
            "tail",
            "touch",
            "tree",
            "cli",
        ],
    ),
];

/// The packages of this repository, each with those of them that it depends on, apart from its tests.
const DEPENDENCIES: [(&str, &[&str]); 13] = [
    ("crates/proto", &[]),
    ("crates/client", &["oxftp-proto"]),
    ("crates/serve", &[]),
    ("crates/object-store", &["oxftp"]),
    ("crates/cli", &["oxftp", "oxftp-serve"]),
    ("crates/python", &["oxftp"]),
    ("crates/testing", &["oxftp-serve"]),
    ("bench", &["oxftp-testing"]),
    ("bench/suppaftp", &[]),
    ("fuzz", &["oxftp", "oxftp-proto"]),
    ("integrations/datafusion", &["oxftp", "oxftp-object-store"]),
    ("integrations/ballista", &["oxftp-datafusion"]),
    ("integrations/opendal", &["oxftp"]),
];

#[test]
fn packages_depend_on_those_above_them() {
    let mut manifests = Vec::new();
    find_manifests(&root(), &mut manifests);
    let mut wrong = Vec::new();
    for manifest in &manifests {
        let folder = manifest.parent().unwrap().strip_prefix(root()).unwrap();
        let text = fs::read_to_string(manifest).unwrap();
        let allowed = DEPENDENCIES.iter().find(|(name, _)| Path::new(name) == folder);
        match allowed {
            Some((name, allowed)) => wrong.extend(
                own_dependencies(&text)
                    .filter(|dependency| !allowed.contains(dependency))
                    .map(|dependency| format!("{name} depends on {dependency}")),
            ),
            None if text.contains("[package]") => {
                wrong.push(format!("{} is not written down", folder.display()))
            }
            None => {}
        }
    }

    assert!(manifests.len() > DEPENDENCIES.len(), "{manifests:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn find_manifests(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "Cargo.toml" {
            found.push(path);
        } else if path.is_dir() && name != "target" && name != "src" && !name.starts_with('.') {
            find_manifests(&path, found);
        }
    }
}

/// Returns the packages of this repository that a manifest names as dependencies, without those of its tests.
fn own_dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let mut is_listed = false;
    manifest.lines().filter_map(move |line| {
        if line.starts_with('[') {
            is_listed = line.ends_with("dependencies]") && !line.ends_with("dev-dependencies]");
            return None;
        }
        let end = line.find(|letter: char| !letter.is_alphanumeric() && letter != '-')?;
        let name = line.get(..end)?;
        (is_listed && name.starts_with("oxftp")).then_some(name)
    })
}

#[test]
fn files_of_folder_import_only_files_above_them() {
    let mut wrong = Vec::new();
    for (name, folder, files) in FOLDERS {
        let sources = Sources::read_with_tests(name);
        let place = |file: &str| files.iter().position(|known| *known == file);
        let files_in = |module: &&Module| module.len() == 2 && module[0] == folder && module[1] != TESTS;
        for module in sources.modules.keys().filter(files_in) {
            if place(&module[1]).is_none() {
                wrong.push(format!("{name}: the place of `{}` is not written down", module.join("::")));
            }
        }
        for (from, to) in sources.imports() {
            let ([first, below, ..], [second, above, ..]) = (from.as_slice(), to.as_slice()) else {
                continue;
            };
            // The tests of the `mod.rs` are left out like itself.
            if first == folder && second == folder && below != TESTS && place(above) > place(below) {
                wrong.push(format!("{name}: {} imports {}", from.join("::"), to.join("::")));
            }
        }
    }

    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn modules_import_only_layers_above_them() {
    let mut wrong = Vec::new();
    for (name, layers) in LAYERS {
        let sources = Sources::read_with_tests(name);
        let place = |module: &str| layers.iter().position(|layer| *layer == module);
        for top in sources.modules.keys().filter(|module| module.len() == 1 && module[0] != TESTS) {
            assert!(place(&top[0]).is_some(), "{name}: the layer of `{}` is not written down", top[0]);
        }
        for (from, to) in sources.imports() {
            let (Some(below), Some(above)) = (from.first(), to.first()) else { continue };
            if below != above && place(above) > place(below) {
                wrong.push(format!("{name}: {} imports {}", from.join("::"), to.join("::")));
            }
        }
    }

    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The types of the client whose methods stand in several modules.
const SHARED_TYPES: [&str; 4] = ["Client", "Pool", "Error", "Report"];

#[test]
fn methods_are_called_only_from_modules_below() {
    let (_, layers) = LAYERS.iter().find(|(name, _)| *name == "client").unwrap();
    let place =
        |module: &Module| layers.iter().position(|layer| module.first().is_some_and(|top| top == layer));
    let (sources, proto) = (Sources::read("client"), Sources::read("proto"));
    // The methods of `blocking` have the names of those that they call.
    let client =
        || sources.modules.iter().filter(|(module, _)| module.first().is_none_or(|top| top != "blocking"));
    let mut definitions: BTreeMap<String, usize> = BTreeMap::new();
    for source in client().map(|(_, source)| source).chain(proto.modules.values()) {
        for name in functions(&source.code) {
            *definitions.entry(name.to_owned()).or_default() += 1;
        }
    }
    let mut methods: BTreeMap<&str, &Module> = BTreeMap::new();
    for (module, source) in client() {
        // A name that other types have too does not say whose method is called.
        let unique = shared_methods(&source.code).filter(|name| definitions.get(*name) == Some(&1));
        methods.extend(unique.map(|name| (name, module)));
    }
    let mut wrong = Vec::new();
    for (module, source) in client() {
        for called in source.code.split('.').skip(1).filter_map(|rest| rest.split_once('(')) {
            let definition = methods.get(called.0.trim());
            if let Some(definition) = definition.filter(|definition| place(definition) > place(module)) {
                wrong.push(format!("{} calls {}::{}", module.join("::"), definition.join("::"), called.0));
            }
        }
    }

    assert!(methods.len() > 100, "only {} methods are known", methods.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The files of `client` have the methods of one type. Those that use each other in a circle stand in `mod.rs`: opening a
/// session again needs most of the others, and most of them open it again.
#[test]
fn methods_of_client_are_called_from_files_below() {
    let (_, _, files) = FOLDERS.iter().find(|(_, folder, _)| *folder == "client").unwrap();
    let place = |file: &str| files.iter().position(|known| *known == file);
    let sources = Sources::read("client");
    let parts = || {
        let inside = sources.modules.iter().filter(|(module, _)| module.len() == 2 && module[0] == "client");
        inside.map(|(module, source)| (module[1].as_str(), source.code.as_str()))
    };
    let defined = parts().flat_map(|(file, code)| methods_of("Client", code).map(move |name| (name, file)));
    let defined: BTreeMap<&str, &str> = defined.collect();
    let mut wrong = Vec::new();
    for (file, code) in parts() {
        let own = blocks_of("Client", code).flat_map(|block| calls(block, "self."));
        for called in own.chain(calls(code, "client.")) {
            let definition = defined.get(called).filter(|definition| place(definition) > place(file));
            wrong.extend(definition.map(|definition| format!("{file} calls {called} of {definition}")));
        }
    }

    assert!(defined.len() > 200, "only {} methods are known", defined.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Returns the names of the methods that are called on a receiver such as `self.`.
fn calls<'c>(code: &'c str, receiver: &'c str) -> impl Iterator<Item = &'c str> {
    code.split(receiver).skip(1).filter_map(|rest| {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_')?;
        rest[end..].starts_with(['(', ':']).then_some(&rest[..end])
    })
}

/// Returns the names of the functions and methods that a file defines.
fn functions(code: &str) -> impl Iterator<Item = &str> {
    code.split("fn ").skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    })
}

/// Returns the names of the methods of [`SHARED_TYPES`] that a file defines.
fn shared_methods(code: &str) -> impl Iterator<Item = &str> {
    SHARED_TYPES.iter().flat_map(move |name| methods_of(name, code))
}

fn methods_of<'c>(name: &str, code: &'c str) -> impl Iterator<Item = &'c str> {
    blocks_of(name, code).flat_map(functions)
}

/// Returns the blocks with the methods of a type.
fn blocks_of<'c>(name: &str, code: &'c str) -> impl Iterator<Item = &'c str> {
    let start = format!("\nimpl {name} {{\n");
    let starts: Vec<_> = code.match_indices(&start).map(|(at, _)| at + 1).collect();
    starts.into_iter().map(move |at| {
        let block = code.get(at..).unwrap_or_default();
        block.split("\n}").next().unwrap_or_default()
    })
}

#[test]
fn modules_do_not_import_each_other() {
    let mut wrong = Vec::new();
    for (name, _) in LAYERS {
        let sources = Sources::read_with_tests(name);
        let mut tops: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in sources.imports() {
            if let (Some(from), Some(to)) = (from.first(), to.first())
                && from != to
            {
                tops.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        wrong.extend(circles(&tops).into_iter().map(|circle| (name, circle)));
    }

    assert!(wrong.is_empty(), "modules import each other: {wrong:?}");
}

#[test]
fn files_import_each_other_only_inside_one_noun() {
    let mut wrong = Vec::new();
    for (name, _) in LAYERS {
        let sources = Sources::read_with_tests(name);
        let mut files: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for (from, to) in sources.imports() {
            let (from, to) = (&sources.modules[&from].file, &sources.modules[&to].file);
            if from != to {
                files.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        wrong.extend(circles(&files).into_iter().filter(|circle| !is_one_noun(circle)));
    }

    assert!(wrong.is_empty(), "files import each other: {wrong:#?}");
}

/// The parts of one noun use its type in `mod.rs`, and not each other in a circle.
#[test]
fn parts_of_noun_have_no_circle() {
    for (name, _) in LAYERS {
        let sources = Sources::read(name);
        let is_noun =
            |file: &Path| file.ends_with("mod.rs") || file.parent().unwrap().ends_with("client/src/blocking");
        let mut files: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for (from, to) in sources.imports() {
            let (from, to) = (&sources.modules[&from].file, &sources.modules[&to].file);
            if !is_noun(from) && !is_noun(to) {
                files.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        let circles = circles(&files);
        assert!(circles.is_empty(), "{name}: files import each other: {circles:#?}");
    }
}

/// Returns whether files that import each other are the parts of one noun: a type, in the `mod.rs` of their folder, with
/// files for its parts. The types of `blocking` create each other, as those of the API without `async` do.
fn is_one_noun(circle: &[PathBuf]) -> bool {
    let folder = circle[0].parent().unwrap();
    circle.iter().all(|file| file.parent() == Some(folder))
        && (circle.contains(&folder.join("mod.rs")) || folder.ends_with("client/src/blocking"))
}

#[test]
fn type_names_exist_once_per_crate() {
    let mut repeated = Vec::new();
    for (name, _) in LAYERS {
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (module, source) in &Sources::read(name).modules {
            let is_named_alike = HAS_NAMES_OF_OTHERS.contains(&(name, module.join("::").as_str()));
            if !is_named_alike && module.first().is_none_or(|top| name != "client" || top != "blocking") {
                for type_name in type_names(&source.code) {
                    files.entry(type_name).or_default().push(module.join("::"));
                }
            }
        }
        let several = files.into_iter().filter(|(_, modules)| modules.len() > 1);
        repeated.extend(several.map(|(type_name, modules)| format!("{name}: {type_name} in {modules:?}")));
    }

    assert!(repeated.is_empty(), "types with the same name: {repeated:#?}");
}

#[test]
fn own_types_are_imported_under_their_names() {
    let mut renamed = Vec::new();
    for (name, _) in LAYERS {
        let sources = Sources::read(name);
        for (module, source) in &sources.modules {
            let imports = source.uses.iter().filter(|import| {
                let original = import.path.last().filter(|last| last.starts_with(char::is_uppercase));
                original.is_some_and(|original| *original != import.name && import.name != "_")
                    && sources.absolute(module, &import.path).is_some()
            });
            renamed.extend(
                imports.map(|import| format!("{name}: {} as {}", import.path.join("::"), import.name)),
            );
        }
    }
    // The blocking client wraps the other one.
    renamed.retain(|import| import != "client: crate::Client as AsyncClient");

    assert!(renamed.is_empty(), "types whose names are too general: {renamed:#?}");
}

/// Modules that are compiled in place of others, and therefore name their types alike. The module `blocking` of the
/// client has the names of the API without `async`.
const HAS_NAMES_OF_OTHERS: [(&str, &str); 2] =
    [("client", "tls::absent"), ("client", "data::no_compression")];

#[test]
fn layers_stand_in_architecture_in_this_order() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, layers) = LAYERS.iter().find(|(name, _)| *name == "client").unwrap();
    let map = text.split("```").find(|block| block.contains("crates/client/src")).unwrap_or_default();
    // The names of a line stand before the first wide gap.
    let drawn: Vec<_> = map
        .lines()
        .filter(|line| line.starts_with(['├', '└']))
        .flat_map(|line| line.trim_start_matches(['├', '└', '─', ' ']).split("  ").next())
        .flat_map(|names| names.split(", "))
        .map(|name| name.trim_end_matches('/'))
        .collect();
    assert_eq!(drawn, *layers, "ARCHITECTURE.md draws other layers");
}

type Module = Vec<String>;

struct Sources {
    modules: BTreeMap<Module, Source>,
}

struct Source {
    file: PathBuf,
    /// The text without comments and strings.
    code: String,
    items: BTreeSet<String>,
    uses: Vec<Use>,
}

/// One leaf of a `use` declaration.
struct Use {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

impl Source {
    fn new(file: PathBuf, code: String) -> Self {
        Self { items: items(&code), uses: uses(&code), file, code }
    }
}

/// The name of modules with tests.
const TESTS: &str = "tests";

impl Sources {
    /// Reads the sources of a package without its tests.
    fn read(name: &str) -> Self {
        let mut sources = Self::read_with_tests(name);
        sources.modules.retain(|module, _| !module.iter().any(|part| part == TESTS));
        sources
    }

    /// Reads the sources of a package. The tests at the end of a file are a module of their own.
    fn read_with_tests(name: &str) -> Self {
        let package =
            if name.contains('/') || root().join(name).exists() { name } else { &format!("crates/{name}") };
        let folder = root().join(package).join("src");
        let has_library = folder.join("lib.rs").exists();
        let mut modules = BTreeMap::new();
        for file in rust_files(&folder) {
            let relative = file.strip_prefix(&folder).unwrap();
            if has_library && (relative.starts_with("bin") || relative == Path::new("main.rs")) {
                continue;
            }
            let mut module: Module =
                relative.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
                module.pop();
            }
            let (code, tests) = split_tests(&without_comments(&fs::read_to_string(&file).unwrap()));
            if let Some(tests) = tests {
                let below = module.iter().cloned().chain([TESTS.to_owned()]).collect();
                modules.insert(below, Source::new(file.clone(), tests));
            }
            modules.insert(module, Source::new(file, code));
        }
        assert!(modules.len() > 5, "{name} has no sources");
        Self { modules }
    }

    /// Returns who imports whom: pairs of modules, without re-exports of a folder's own files.
    fn imports(&self) -> BTreeSet<(Module, Module)> {
        let mut all = BTreeSet::new();
        for (module, source) in &self.modules {
            let own = |target: &Module| target.starts_with(module);
            let imported = source.uses.iter().filter_map(|import| {
                let target = self.resolve(&self.absolute(module, &import.path)?, 0)?;
                (!(import.is_public && own(&target))).then_some(target)
            });
            let named = paths(&without_uses(&source.code))
                .into_iter()
                .filter_map(|path| self.resolve(&self.absolute(module, &path)?, 0));
            all.extend(
                imported
                    .chain(named)
                    .filter(|target| target != module)
                    .map(|target| (module.clone(), target)),
            );
        }
        // The root of a crate names everything.
        all.retain(|(from, _)| from.first().is_some_and(|top| top != TESTS));
        all
    }

    /// Spells a path from the root of the crate; `None` for what other crates define.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let mut base = module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let mut child = module.clone();
                child.push(first.to_owned());
                self.modules.get(&child)?;
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// Returns the module that defines what a path names.
    fn resolve(&self, path: &[String], depth: usize) -> Option<Module> {
        let mut module = Module::new();
        for part in path {
            let mut child = module.clone();
            child.push(part.clone());
            if !self.modules.contains_key(&child) {
                break;
            }
            module = child;
        }
        let source = self.modules.get(&module)?;
        let Some(item) = path.get(module.len()) else { return Some(module) };
        if source.items.contains(item) || item == "*" || depth > 8 {
            return Some(module);
        }
        let mut elsewhere = source.uses.iter().filter(|import| import.name == *item || import.name == "*");
        elsewhere
            .find_map(|import| {
                let mut target = self.absolute(&module, &import.path)?;
                if import.name == "*" {
                    target.pop();
                    target.push(item.clone());
                }
                self.resolve(&target, depth + 1)
            })
            .or(Some(module))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Leaves out comments, and what stands in strings.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        let mut in_string = false;
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if in_string => drop(letters.next()),
                '"' => in_string = !in_string,
                '/' if !in_string && letters.peek() == Some(&'/') => break,
                _ if in_string => continue,
                _ => {}
            }
            code.push(letter);
        }
        code.push('\n');
    }
    code
}

/// Returns the code of a file, and that of the `mod tests` at its end, as it would stand in a file of its own.
fn split_tests(code: &str) -> (String, Option<String>) {
    let Some((code, tests)) = code.split_once("#[cfg(test)]\nmod tests {\n") else {
        return (code.to_owned(), None);
    };
    let lines = tests.lines().map(|line| line.strip_prefix("    ").unwrap_or(line));
    (code.to_owned(), Some(lines.collect::<Vec<_>>().join("\n")))
}

/// Leaves out the `use` declarations of the first level.
fn without_uses(code: &str) -> String {
    let mut rest = String::with_capacity(code.len());
    let mut in_use = false;
    for line in code.lines() {
        in_use |= line.starts_with("use ") || (line.starts_with("pub") && line.contains(" use "));
        if !in_use {
            rest.push_str(line);
            rest.push('\n');
        }
        in_use &= !line.ends_with(';');
    }
    rest
}

/// Returns the names that a file defines at its first level.
fn items(code: &str) -> BTreeSet<String> {
    let kinds = ["fn", "struct", "enum", "trait", "type", "const", "static", "union", "macro_rules!"];
    let defined = code.lines().filter(|line| !line.starts_with([' ', '}', ')'])).filter_map(|line| {
        let mut words = line.split(|letter: char| letter.is_whitespace() || letter == '(').filter(|word| {
            !word.is_empty() && !["pub", "async", "crate)", "super)", "in", "unsafe"].contains(word)
        });
        let mut kind = words.next()?;
        let mut name = words.next()?;
        if kind == "const" && name == "fn" {
            kind = "fn";
            name = words.next()?;
        }
        let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(name.len());
        kinds.contains(&kind).then(|| name[..end].to_owned())
    });
    defined.collect()
}

/// Returns the names of the types that a file defines at its first level.
fn type_names(code: &str) -> Vec<String> {
    let declared = code.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| {
        let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.find(|word| ["struct", "enum", "trait", "union"].contains(word))?;
        words.next().filter(|name| name.starts_with(char::is_uppercase)).map(str::to_owned)
    });
    declared.collect::<BTreeSet<_>>().into_iter().collect()
}

fn uses(code: &str) -> Vec<Use> {
    let mut found = Vec::new();
    for declaration in code.split_inclusive(';') {
        let Some(start) = declaration.rmatch_indices("use ").map(|(at, _)| at).find(|at| {
            let before = declaration[..*at].rsplit('\n').next().unwrap_or_default().trim();
            before.is_empty() || before.starts_with("pub")
        }) else {
            continue;
        };
        let line = declaration[..start].rsplit('\n').next().unwrap_or_default();
        if line.starts_with(' ') {
            continue;
        }
        let tree: String =
            declaration[start + 4..].trim_end_matches(';').split_whitespace().collect::<Vec<_>>().join(" ");
        for (path, name) in leaves(&tree, &[]) {
            found.push(Use { path, name, is_public: line.trim_start().starts_with("pub") });
        }
    }
    found
}

/// Returns the paths that a tree of imports names, each with the name that it gets.
fn leaves(tree: &str, prefix: &[String]) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for part in split(tree) {
        let (head, inner) = match part.split_once('{') {
            Some((head, inner)) => (head.trim_end_matches("::"), inner.strip_suffix('}')),
            None => (part.as_str(), None),
        };
        let (head, alias) = head.split_once(" as ").map_or((head, None), |(head, alias)| (head, Some(alias)));
        let mut path = prefix.to_vec();
        path.extend(head.split("::").filter(|part| !part.is_empty()).map(|part| part.trim().to_owned()));
        match inner {
            Some(inner) => found.extend(leaves(inner, &path)),
            None => {
                if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
                    path.pop();
                }
                let name = alias.map_or_else(|| path.last().cloned().unwrap_or_default(), str::to_owned);
                found.push((path, name));
            }
        }
    }
    found
}

/// Splits at the commas outside braces.
fn split(tree: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in tree.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(letter);
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Returns the paths outside `use` declarations that begin with `crate`, `super` or `self`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"].iter().flat_map(|word| code.match_indices(word)) {
        let before = code[..start.0].chars().next_back().unwrap_or(' ');
        if before.is_alphanumeric() || before == '_' || before == ':' {
            continue;
        }
        let rest = &code[start.0..];
        let end = rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':')
            .unwrap_or(rest.len());
        let path: Vec<_> =
            rest[..end].split("::").filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect();
        if path.len() > 1 {
            found.push(path);
        }
    }
    found
}

/// Returns the groups in which each reaches each other.
fn circles<N: Ord + Clone>(edges: &BTreeMap<N, BTreeSet<N>>) -> Vec<Vec<N>> {
    let reach = |start: &N| {
        let mut reached = BTreeSet::new();
        let mut open = vec![start.clone()];
        while let Some(node) = open.pop() {
            for next in edges.get(&node).into_iter().flatten() {
                if reached.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        reached
    };
    let reached: BTreeMap<N, BTreeSet<N>> = edges.keys().map(|node| (node.clone(), reach(node))).collect();
    let mut found: Vec<Vec<N>> = Vec::new();
    for (node, from) in &reached {
        if from.contains(node) && !found.iter().any(|circle| circle.contains(node)) {
            let circle =
                from.iter().filter(|other| reached.get(*other).is_some_and(|back| back.contains(node)));
            found.push(circle.cloned().collect());
        }
    }
    found
}
