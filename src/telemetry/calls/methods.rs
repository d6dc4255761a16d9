//! The methods there are: the closed list that labels and spans name. Whatever else a caller names is "unknown".

use std::sync::LazyLock;

use prost::Message;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};

use crate::ledger::memory::maps::QuickMap;

/// A method of a gRPC service.
#[derive(PartialEq, Eq, Debug)]
pub struct Method {
    /// Its service, as in `consent.v1.DecisionService`.
    service: String,
    /// Its name, as in `CheckSend`.
    name: String,
    kind: Kind,
}

/// What streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Nothing does.
    Unary,
    /// The requests.
    ClientStream,
    /// The responses.
    ServerStream,
    /// Both.
    Both,
}

impl Kind {
    /// As Prometheus's other gRPC servers spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unary => "unary",
            Self::ClientStream => "client_stream",
            Self::ServerStream => "server_stream",
            Self::Both => "bidi_stream",
        }
    }

    const fn of(method: &MethodDescriptorProto) -> Self {
        match (matches!(method.client_streaming, Some(true)), matches!(method.server_streaming, Some(true))) {
            (false, false) => Self::Unary,
            (true, false) => Self::ClientStream,
            (false, true) => Self::ServerStream,
            (true, true) => Self::Both,
        }
    }
}

impl Method {
    /// Its service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether there is such a method.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.name != UNKNOWN
    }

    /// What of it streams.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

/// Every method, with the unknown one first.
static METHODS: LazyLock<Vec<Method>> = LazyLock::new(|| {
    let unknown = Method { service: UNKNOWN.to_owned(), name: UNKNOWN.to_owned(), kind: Kind::Unary };
    let sets = [
        crate::proto::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let files = sets.into_iter().filter_map(|set| FileDescriptorSet::decode(set).ok()).flat_map(|set| set.file);
    let services = files.flat_map(|file| {
        let package = file.package().to_owned();
        file.service.into_iter().map(move |service| (format!("{package}.{}", service.name()), service.method))
    });
    let methods = services.flat_map(|(service, methods)| {
        let method = move |method: MethodDescriptorProto| {
            let kind = Kind::of(&method);
            Method { service: service.clone(), name: method.name.unwrap_or_default(), kind }
        };
        methods.into_iter().map(method)
    });
    std::iter::once(unknown).chain(methods).collect()
});

static PLACES: LazyLock<QuickMap<String, usize>> = LazyLock::new(|| {
    let path = |(place, method): (usize, &Method)| (format!("/{}/{}", method.service, method.name), place);
    METHODS.iter().enumerate().skip(1).map(path).collect()
});

/// What is said of methods that there are not.
const UNKNOWN: &str = "unknown";

/// Every method, with the unknown one first.
#[must_use]
pub fn all() -> &'static [Method] {
    &METHODS
}

/// The place of the method with this path among [`all`].
#[must_use]
pub fn place(path: &str) -> usize {
    PLACES.get(path).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_method_and_any_other_the_unknown_one() {
        let found = |path: &str| &all()[place(path)];
        let check = found("/consent.v1.DecisionService/CheckSend");
        assert_eq!((check.service(), check.name(), check.kind()), ("consent.v1.DecisionService", "CheckSend", Kind::Unary));
        assert_eq!(found("/consent.v1.DecisionService/StreamCheckSend").kind(), Kind::Both);
        assert_eq!(found("/consent.v1.WatchService/WatchEntries").kind(), Kind::ServerStream);
        assert_eq!(found("/grpc.health.v1.Health/Check").name(), "Check");
        for version in ["v1", "v1alpha"] {
            assert_eq!(found(&format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")).kind(), Kind::Both);
        }
        for path in ["", "/", "/consent.v1.DecisionService/+447400123456", "/unknown/unknown"] {
            assert_eq!((found(path).service(), place(path)), (UNKNOWN, 0), "{path}");
        }
    }
}
