//! Lists and folders that the tests write themselves.

use super::*;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn names(folder: &Path, found: &[LabelledFile]) -> Vec<(String, String)> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
    found.iter().map(|file| (name(&file.path), file.label.clone())).collect()
}

#[test]
fn a_list_names_files_from_where_it_lies() {
    let text = "# of today\nlabel,who,sample\n7,me,1\nno, you , b.csv\n\n2,me,samples/1.bs2\n";
    let dir = folder(&[("list.csv", text), ("samples/1.bs2", ""), ("samples/10.bs2", ""), ("b.csv.d/x", "")]);
    std::fs::write(dir.path().join("samples/b.csv"), "").unwrap();
    let found = files(&dir.path().join("list.csv")).unwrap();
    let expected = [("samples/1.bs2", "7"), ("samples/b.csv", "no"), ("samples/1.bs2", "2")];
    assert_eq!(names(dir.path(), &found), expected.map(|(name, label)| (name.into(), label.into())));
    assert_eq!(found.iter().map(|file| file.line).collect::<Vec<_>>(), [3, 4, 6]);
    assert_eq!(files(dir.path()).unwrap(), found, "the folder of one list is that list");
}

#[test]
fn a_folder_for_each_class_says_the_labels() {
    let dir = folder(&[("1/b.bin", ""), ("1/a.bin", ""), ("0/z.bin", ""), (".git/x", ""), ("readme", "")]);
    let expected = [("0/z.bin", "0"), ("1/a.bin", "1"), ("1/b.bin", "1")];
    let found = files(dir.path()).unwrap();
    assert_eq!(names(dir.path(), &found), expected.map(|(name, label)| (name.into(), label.into())));
}

#[test]
fn labels_are_a_column_or_an_array() {
    let dir = folder(&[("y.csv", "label\n3\nyes\n")]);
    assert_eq!(labels(&dir.path().join("y.csv")).unwrap(), ["3", "yes"]);
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend([4, 0]);
    std::fs::write(dir.path().join("y.npy"), bytes).unwrap();
    assert_eq!(labels(&dir.path().join("y.npy")).unwrap(), ["4", "0"]);
}

#[test]
fn what_is_no_list_is_refused_with_its_place() {
    let dir = folder(&[("a.bin", ""), ("b.bin", ""), ("b.raw", ""), ("two/x.csv", ""), ("two/y.csv", "")]);
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    let path = dir.path().join("list.csv");
    let refused = |text: &str, expected: &str| {
        std::fs::write(&path, text).unwrap();
        let error = files(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}\nnot in\n{error}");
    };
    refused("", "list.csv:1:1: expected the columns `file,label`");
    refused("name,number\na.bin,1\n", "list.csv:1:1: expected the columns `file,label`, found `name,number`");
    refused("file,label\n", "names no samples");
    refused("file,label\na.bin,1\na.bin\n", "list.csv:3:1: this line has 1 fields, but 2 are needed");
    refused("file,label\na.bin,\n", "list.csv:2:7: expected a label, found nothing");
    refused("file,label\n,3\n", "list.csv:2:1: expected a file, found nothing");
    refused("file,label\nc.bin,3\n", "list.csv:2:1: there is no file");
    refused("file,label\nb,3\n", "`b` can be `");
    refused("file,label\n\"a.bin\",3\n", "list.csv:2:1: quoted fields are not read");
    let error = |name: &str| files(&dir.path().join(name)).unwrap_err().to_string();
    assert!(error("two").contains("several lists lie in this folder"), "{}", error("two"));
    assert!(error("empty").contains("neither a list"), "{}", error("empty"));
    assert!(error("absent").contains("there is no such file or directory"), "{}", error("absent"));
    assert!(labels(&dir.path().join("a.bin")).unwrap_err().to_string().contains("expected the columns `label`"));
}
