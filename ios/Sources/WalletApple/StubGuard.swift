// On Linux these files are checked against small stand-ins for Apple's modules (ios/stubs). A stand-in that is missing would let
// `canImport` skip a file in silence.
#if APPLE_STUBS && !(canImport(CoreNFC) && canImport(CryptoKit) && canImport(DeviceCheck) && canImport(LocalAuthentication) && canImport(Security))
    #error("a stub module is missing")
#endif
