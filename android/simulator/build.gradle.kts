plugins { kotlin("jvm") }

kotlin { jvmToolchain(17) }

// The behaviours run by Maven.
sourceSets.test { kotlin.setSrcDirs(emptyList<String>()) }

dependencies {
    api(project(":walletkit"))
    api("org.jetbrains.kotlinx:kotlinx-serialization-json:1.9.0")
}
