import Foundation
import WalletKit

/// What every `KeyStore` does. On a phone the person who runs it approves every prompt.
public struct KeyStoreConformance: Sendable {
    private static let challenge = Data("conformance challenge".utf8)
    private static let message = Data("message".utf8)
    private static let prompt = Prompt(title: "Test", reason: "Conformance", counterparty: nil)
    // The core's own policies; it makes no other keys.
    private static let holder = KeyPolicy(purpose: .holder, userAuthentication: .eachUse, residence: .secureWorld)
    private static let instance = KeyPolicy(purpose: .instance, userAuthentication: .none, residence: .secureElement)
    private static let wrapDevice = KeyPolicy(purpose: .wrap, userAuthentication: .none, residence: .secureWorld)
    private static let wrapPerson = KeyPolicy(purpose: .wrap, userAuthentication: .eachUse, residence: .secureWorld)
    private let cryptography: Cryptography
    private let make: @Sendable () async throws -> any KeyStore

    /// Takes a maker of stores whose citizen approves every prompt.
    public init(_ cryptography: Cryptography, _ make: @escaping @Sendable () async throws -> any KeyStore) {
        (self.cryptography, self.make) = (cryptography, make)
    }

    /// The rules.
    public var cases: [ConformanceCase] {
        [
            ConformanceCase(name: "makes_as_many_different_keys_as_asked", run: makesDifferentKeys),
            ConformanceCase(name: "attests_each_key_over_the_challenge", run: attestsEachKey),
            ConformanceCase(name: "a_holder_key_signs", run: aHolderKeySigns),
            ConformanceCase(name: "a_key_for_each_use_takes_one_request", run: takesOneRequest),
            ConformanceCase(name: "an_instance_key_signs", run: anInstanceKeySigns),
            ConformanceCase(name: "kinds_do_not_stand_in_for_each_other", run: kindsAreKept),
            ConformanceCase(name: "unwraps_what_it_wrapped_and_nothing_else", run: unwrapsItsOwn),
            ConformanceCase(name: "wraps_at_most_64_bytes", run: wrapsKeysNotDocuments),
            ConformanceCase(name: "a_deleted_key_is_gone", run: aDeletedKeyIsGone),
        ]
    }

    @Sendable private func makesDifferentKeys() async throws {
        let keys = try await keys(make(), Self.holder, 5).keys
        try must(keys.count == 5, "as many keys are made as asked for")
        try must(Set(keys.map(\.id)).count == 5, "no two ids are the same")
        try must(Set(keys.map(\.publicKey)).count == 5, "no two keys are the same")
    }

    @Sendable private func attestsEachKey() async throws {
        let made = try await keys(make(), Self.holder, 2)
        let chains: [[Data]]
        switch made.attestation {
        case .androidChain(let attested), .software(let attested): chains = attested
        case .appAttest(let id, let object, let assertion):
            // It vouches for all keys at once; what it says is for the issuer to check.
            return try must(![id, object, assertion].contains(Data()), "App Attest carries its id, object and assertion")
        }
        try must(chains.count == made.keys.count, "there is one chain per key")
        for (chain, key) in zip(chains, made.keys) {
            guard let leaf = chain.first, chain.count >= 2 else {
                throw Violation(description: "a chain has a leaf and an issuer")
            }
            try must(leaf.holds(key.publicKey), "the leaf holds the attested key")
            try must(leaf.holds(Self.challenge), "the leaf holds the challenge")
        }
    }

    @Sendable private func aHolderKeySigns() async throws {
        let store = try await make()
        let key = try await key(store, Self.holder)
        let signatures = try await sign(store, key.id)
        try must(signatures.count == 1, "one request gives one signature")
        for signature in signatures { try must(await verifies(signature, key), "a signature verifies under its public key") }
    }

    @Sendable private func takesOneRequest() async throws {
        let store = try await make()
        let id = try await key(store, Self.holder).id
        for (count, rule) in [(2, "two requests under one prompt are refused"), (0, "a prompt for nothing is refused")] {
            try await refuses(KeyStoreError.self, rule) { try await sign(store, id, count) }
        }
    }

    @Sendable private func anInstanceKeySigns() async throws {
        let store = try await make()
        let key = try await key(store, Self.instance)
        let signature = try await store.signInstance(key: key.id, message: Self.message)
        try must(await verifies(signature, key), "a signature verifies under its public key")
    }

    @Sendable private func kindsAreKept() async throws {
        let store = try await make()
        let holder = try await key(store, Self.holder).id
        let instance = try await key(store, Self.instance).id
        let wrap = try await key(store, Self.wrapDevice).id
        for other in [holder, wrap] {
            try await refuses(KeyStoreError.self, "only an Instance key signs without a prompt") {
                try await store.signInstance(key: other, message: Self.message)
            }
        }
        for other in [instance, wrap] {
            try await refuses(KeyStoreError.self, "only a Holder key signs a presentation") {
                try await sign(store, other)
            }
        }
        for other in [holder, instance] {
            try await refuses(KeyStoreError.self, "only a wrapping key wraps") {
                try await store.wrap(key: other, plain: Data(repeating: 1, count: 32))
            }
        }
    }

    @Sendable private func unwrapsItsOwn() async throws {
        let store = try await make()
        for policy in [Self.wrapDevice, Self.wrapPerson] {
            let (key, other) = (try await key(store, policy).id, try await key(store, policy).id)
            let plain = Data(0..<32)
            let wrapped = try await store.wrap(key: key, plain: plain)
            for start in 0...plain.count - 8 {
                try must(!wrapped.holds(plain[start..<start + 8]), "wrapped is not clear")
            }
            let back = try await store.unwrap(key: key, wrapped: wrapped, prompt: Self.prompt)
            try must(back == plain, "what comes back is what was wrapped")
            try await refuses(KeyStoreError.self, "another key does not unwrap it") {
                try await store.unwrap(key: other, wrapped: wrapped, prompt: Self.prompt)
            }
            var altered = Data(wrapped)
            altered[altered.count - 1] ^= 1
            for (bytes, rule) in [(altered, "altered bytes do not unwrap"), (Data(), "no bytes do not unwrap")] {
                try await refuses(KeyStoreError.self, rule) {
                    try await store.unwrap(key: key, wrapped: bytes, prompt: Self.prompt)
                }
            }
        }
    }

    @Sendable private func wrapsKeysNotDocuments() async throws {
        let store = try await make()
        let id = try await key(store, Self.wrapDevice).id
        _ = try await store.wrap(key: id, plain: Data(repeating: 1, count: 64))
        try await refuses(KeyStoreError.self, "65 bytes are refused") {
            try await store.wrap(key: id, plain: Data(repeating: 1, count: 65))
        }
    }

    @Sendable private func aDeletedKeyIsGone() async throws {
        let store = try await make()
        let (gone, kept) = (try await key(store, Self.holder).id, try await key(store, Self.holder).id)
        let ids = [gone, "never-was"]
        let deleted = try await store.delete(ids: ids)
        try must(deleted.sorted() == ids.sorted(), "delete gives back every id that is gone now")
        do {
            _ = try await sign(store, gone)
            throw Violation(description: "a deleted key is not found")
        } catch KeyStoreError.KeyNotFound {}
        try must(try await sign(store, kept).count == 1, "other keys stay")
    }

    private func keys(_ store: any KeyStore, _ policy: KeyPolicy, _ count: UInt32) async throws -> CreatedKeys {
        try await store.create(policy: policy, challenge: Self.challenge, count: count)
    }

    private func key(_ store: any KeyStore, _ policy: KeyPolicy) async throws -> NewKey {
        let made = try await keys(store, policy, 1).keys
        guard let key = made.first, made.count == 1 else { throw Violation(description: "one key is made when one is asked") }
        return key
    }

    private func sign(_ store: any KeyStore, _ id: String, _ count: Int = 1) async throws -> [Data] {
        let requests = Array(repeating: SignRequest(message: Self.message), count: count)
        return try await store.sign(key: id, requests: requests, prompt: Self.prompt)
    }

    private func verifies(_ signature: Data, _ key: NewKey) async throws -> Bool {
        try await cryptography.verifies(signature, Self.message, key.publicKey)
    }
}
