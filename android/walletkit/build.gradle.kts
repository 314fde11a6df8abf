plugins { kotlin("jvm") }

kotlin {
    jvmToolchain(17)
    // What bindings/build made of the core.
    sourceSets.main { kotlin.srcDir("../../target/bindings/kotlin") }
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.11.0")
    // On a phone its archive comes with the processor's own part: walletkit-android brings it.
    compileOnly("net.java.dev.jna:jna:5.19.1")
}
